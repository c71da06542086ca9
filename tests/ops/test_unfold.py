"""Windows as matrices: the product with the weights is the convolution, and fold is the adjoint."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import ShapeError
from tests import sliding
from tests.cases import EDGE_CONVS, Conv
from tests.checks import digest, integers

CASES = [case for case in EDGE_CONVS if case.n and case.border == "zeros" and case.h * case.w < 5000]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_the_product_with_the_weights_is_the_convolution(case: Conv, data_format: str) -> None:
    x, w = integers(1, case.input_shape, case.kernel_shape)
    words = {"stride": case.stride, "padding": case.pads, "dilation": case.dilation, "data_format": data_format}
    truth = sliding.conv2d(x, w, **case.oracle_arguments).reshape(case.n, -1, case.oc)
    if data_format == "channels_first":
        x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    windows = ops.unfold(x, case.kernel, **words)
    if data_format == "channels_first":
        matrix = w.transpose(2, 0, 1, 3).reshape(-1, case.oc)
        np.testing.assert_array_equal(np.einsum("ntl,to->nlo", windows, matrix), truth)
    else:
        np.testing.assert_array_equal(windows @ w.reshape(-1, case.oc), truth)

    (y,) = integers(2, windows.shape)
    back = ops.fold(y, (case.h, case.w), case.kernel, **words)
    assert back.shape == x.shape
    assert int((back * x).sum(dtype=np.float64)) == int((windows * y).sum(dtype=np.float64))
    for threads in (1, 2, 3):
        with runtime.threads(threads):
            assert digest([ops.unfold(x, case.kernel, **words)]) == digest([windows])
            assert digest([ops.fold(y, (case.h, case.w), case.kernel, **words)]) == digest([back])


def test_dtypes_and_an_empty_batch() -> None:
    (x,) = integers(3, (1, 4, 5, 2))
    assert ops.unfold(x.astype(np.float16), 2).dtype == np.float16
    assert ops.unfold(x.astype(np.float64), 2).dtype == np.float64
    assert ops.unfold(x[:0], 2).shape == (0, 12, 8)
    assert ops.fold(ops.unfold(x[:0], 2), (4, 5), 2).shape == (0, 4, 5, 2)


def test_matrices_that_are_no_windows_are_refused() -> None:
    for shape in ((1, 4, 7), (4, 8), (1, 4, 0)):
        with pytest.raises(ShapeError, match="y: expected"):
            ops.fold(np.zeros(shape, np.float32), (3, 3), 2)
    with pytest.raises(ShapeError, match="y: expected shape"):
        ops.fold(np.zeros((1, 5, 8), np.float32), (3, 3), 2)
