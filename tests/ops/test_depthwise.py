"""Depthwise and separable convolution; the kernels are tested with the convolutions in groups."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import ops
from convcore.errors import DTypeError, ParameterError, ShapeError
from tests import sliding
from tests.checks import digest, integers, normals
from tests.reference import Array, depthwise_conv2d

OPTIONS = {"stride": (2, 1), "padding": ((1, 0), (2, 1)), "dilation": (1, 2)}
ORACLE = {"stride": (2, 1), "pads": ((1, 0), (2, 1)), "dilation": (1, 2)}


@pytest.mark.parametrize(("channels", "multiplier"), [(1, 1), (1, 5), (3, 2), (19, 1), (17, 3), (6, 18)])
def test_whole_numbers(channels: int, multiplier: int) -> None:
    """Forward against the definition; the gradients by the adjoint identity, all to the bit."""
    shapes = (2, 7, 8, channels), (3, 2, channels, multiplier), (channels * multiplier,)
    x, w, bias = integers(1, *shapes)
    y = ops.depthwise_conv2d(x, w, **OPTIONS)
    np.testing.assert_array_equal(y, depthwise_conv2d(x, w, **ORACLE))
    np.testing.assert_array_equal(ops.depthwise_conv2d(x, w, bias, **OPTIONS), y + bias)
    relu = ops.depthwise_conv2d(x, w, bias, activation="relu", **OPTIONS)
    np.testing.assert_array_equal(relu, np.maximum(y + bias, 0))
    (dy,) = integers(2, y.shape)
    dx = ops.depthwise_conv2d_backward_data(dy, w, x.shape, **OPTIONS)
    dw, db = ops.depthwise_conv2d_backward_weights(x, dy, w.shape, **OPTIONS)
    assert (dx.shape, dw.shape) == (x.shape, w.shape)
    product = np.vdot(y, dy)
    assert np.vdot(dx, x) == product
    assert np.vdot(dw, w) == product
    np.testing.assert_array_equal(db, dy.sum(axis=(0, 1, 2)))


def test_difference_quotients() -> None:
    x, w, g = (a.astype(np.float64) for a in normals(3, (2, 6, 7, 5), (3, 3, 5, 2), (2, 3, 4, 10)))
    words = {"stride": 2, "padding": "same"}
    gradients = {
        "x": ops.depthwise_conv2d_backward_data(g, w, x.shape, **words),
        "w": ops.depthwise_conv2d_backward_weights(x, g, w.shape, **words)[0],
    }
    arguments = {"x": x, "w": w}

    def value(**moved: Array) -> float:
        return float((ops.depthwise_conv2d(**moved, **words) * g).sum())

    for name, gradient in gradients.items():
        for place in range(0, gradient.size, 7):
            values = []
            for sign in (1, -1):
                moved = arguments[name].copy()
                moved.flat[place] += sign * 1e-6
                values.append(value(**{**arguments, name: moved}))
            quotient = (values[0] - values[1]) / 2e-6
            assert float(gradient.flat[place]) == pytest.approx(quotient, rel=1e-6, abs=1e-7), (name, place)


def test_separable_is_the_two_in_turn() -> None:
    x, depthwise, pointwise, bias = integers(4, (2, 7, 6, 5), (3, 3, 5, 3), (1, 1, 15, 7), (7,), limit=3)
    between = depthwise_conv2d(x, depthwise, **ORACLE)
    truth = sliding.conv2d(between, pointwise, bias, stride=(1, 1), pads=((0, 0), (0, 0)))
    np.testing.assert_array_equal(ops.separable_conv2d(x, depthwise, pointwise, bias, **OPTIONS), truth)
    relu = ops.separable_conv2d(x, depthwise, pointwise, bias, activation="relu", **OPTIONS)
    np.testing.assert_array_equal(relu, np.maximum(truth, 0))


def test_dtypes() -> None:
    x, w = normals(5, (1, 4, 4, 3), (2, 2, 3, 2))
    wide = ops.depthwise_conv2d(x.astype(np.float64), w.astype(np.float64))
    assert wide.dtype == np.float64
    np.testing.assert_allclose(ops.depthwise_conv2d(x, w), wide, rtol=0, atol=1e-5)
    ones = [[[[1.0, 2.0]] * 3] * 2] * 2
    assert ops.depthwise_conv2d(x, ones).dtype == np.float32
    assert digest([ops.depthwise_conv2d(x, ones)]) == digest([ops.depthwise_conv2d(x, np.array(ones, np.float32))])
    with pytest.raises(DTypeError):
        ops.depthwise_conv2d(x, w.astype(np.float64))


def test_an_empty_batch() -> None:
    x, w = np.zeros((0, 5, 5, 3), np.float32), np.ones((2, 2, 3, 2), np.float32)
    y = ops.depthwise_conv2d(x, w)
    assert y.shape == (0, 4, 4, 6)
    assert ops.depthwise_conv2d_backward_data(y, w, x.shape).shape == x.shape
    dw, db = ops.depthwise_conv2d_backward_weights(x, y, w.shape)
    assert (dw.shape, db.shape, dw.any(), db.any()) == (w.shape, (6,), False, False)


def test_shapes_that_do_not_fit() -> None:
    x, w = np.zeros((1, 5, 5, 3), np.float32), np.zeros((2, 2, 3, 2), np.float32)
    for wrong in (w[0], w[..., :0], np.zeros((2, 2, 4, 1), np.float32)):
        with pytest.raises(ShapeError, match=r"w: expected|x has 3 channels"):
            ops.depthwise_conv2d(x, wrong)
    with pytest.raises(ShapeError, match="bias"):
        ops.depthwise_conv2d(x, w, np.zeros(3, np.float32))
    with pytest.raises(ShapeError, match="kernel_shape"):
        ops.depthwise_conv2d_backward_weights(x, np.zeros((1, 4, 4, 6), np.float32), (2, 2, 0, 2))
    with pytest.raises(ShapeError, match="dy"):
        ops.depthwise_conv2d_backward_data(np.zeros((1, 4, 4, 5), np.float32), w, x.shape)
    with pytest.raises(ShapeError, match="pointwise: expected"):
        ops.separable_conv2d(x, w, np.zeros((2, 1, 6, 4), np.float32))
    with pytest.raises(ShapeError, match="channels"):
        ops.separable_conv2d(x, w, np.zeros((1, 1, 5, 4), np.float32))
    with pytest.raises(ShapeError, match="pointwise: cannot be made an array"):
        ops.separable_conv2d(x, w, [[1, 2], [3]])  # type: ignore[list-item]
    with pytest.raises(ParameterError, match="stride"):
        ops.depthwise_conv2d(x, w, stride=0)
