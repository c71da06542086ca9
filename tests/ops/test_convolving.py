"""What the ops of convolution share; what they compute is checked by the tests of each op."""

from __future__ import annotations

import numpy as np

from convcore.geometries import conv2d_transpose_geometry
from convcore.ops import convolving
from convcore.shapes import conv2d_geometry
from tests.checks import integers


def test_shapes_as_their_owner_sees_them() -> None:
    assert convolving.outer_shape((2, 3, 4, 5), True) == (2, 5, 3, 4)
    assert convolving.outer_shape((2, 3, 4, 5), False) == (2, 3, 4, 5)


def test_an_empty_batch_runs_nothing() -> None:
    g = conv2d_geometry((0, 5, 5, 2), (3, 3, 2, 4))
    x, w, y = (np.zeros(shape, np.float32) for shape in (g.x_shape, g.w_shape, g.y_shape))
    assert convolving.run_forward(g, "float32", x, w, None).shape == g.y_shape
    assert convolving.run_backward_data(g, "float32", y, w).shape == g.x_shape
    for transposed, channels in ((False, 4), (True, 2)):
        dw, db = convolving.run_backward_weights(g, "float32", x, y, transposed=transposed)
        assert (dw.shape, db.shape, dw.any(), db.any()) == (g.w_shape, (channels,), False, False)
    t = conv2d_transpose_geometry((0, 3, 3, 2), (3, 3, 5, 2))
    assert convolving.run_transposed(t, "float32", x, w, None).shape == (0, 5, 5, 5)


def test_a_bias_is_added_to_a_gradient_of_data() -> None:
    g = conv2d_geometry((2, 6, 5, 3), (3, 2, 3, 4), stride=2, padding=1)
    dy, w, bias = integers(1, g.y_shape, g.w_shape, (3,))
    plain = convolving.run_backward_data(g, "float32", dy, w)
    np.testing.assert_array_equal(convolving.run_transposed(g, "float32", dy, w, bias), plain + bias)
    rectified = convolving.run_transposed(g, "float32", dy, w, bias, relu=True)
    np.testing.assert_array_equal(rectified, np.maximum(plain + bias, 0))
