"""`relu`, `sigmoid`, `tanh`, `softmax` and their backwards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from convcore import ops, runtime
from tests import reference
from tests.checks import digest, normals
from tests.layouts import layouts
from tests.reference import Array

SIZES = [(0,), (1,), (7,), (16,), (33,), (3, 5), (2, 3, 5, 7), (70, 71)]
# Relative error granted: a few roundings of float32 and of float64.
RELATIVE = {np.dtype(np.float32): 8 * 2.0**-24, np.dtype(np.float64): 16 * 2.0**-53}
DTYPES = [np.float32, np.float64]


def close(result: Array, truth: Array) -> None:
    """Within the relative error of the dtype; what lies below its normal numbers may be flushed to zero."""
    assert np.isfinite(result).all()
    allowed = RELATIVE[result.dtype] * np.abs(truth) + np.finfo(result.dtype).tiny
    assert (np.abs(result.astype(np.float64) - truth) <= allowed).all()


def sweep(dtype: type) -> Array:
    """Every size of argument: from subnormal to where the functions have long been flat."""
    small = np.concatenate([10.0 ** np.arange(-40, 2.0, 0.13), np.linspace(0, 30, 4001), [80, 90, 120, 1e4, 1e30]])
    return np.concatenate([-small, small]).astype(dtype)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_relu(shape: tuple[int, ...], dtype: type) -> None:
    x, dy = (a.astype(dtype) for a in normals(1, shape, shape))
    y = ops.relu(x)
    assert (y.dtype, y.shape) == (x.dtype, shape)
    np.testing.assert_array_equal(y, np.maximum(x, 0))
    dx = ops.relu_backward(dy, y)
    assert dx.dtype == x.dtype
    np.testing.assert_array_equal(dx, np.where(x > 0, dy, 0))


@pytest.mark.parametrize("size", [1, 8, 16, 17, 70])
def test_relu_of_special_values(size: int) -> None:
    for value, expected in ((np.nan, np.nan), (-np.inf, 0), (np.inf, np.inf), (-0.0, 0.0), (-1e-45, 0)):
        y = ops.relu(np.full(size, value, np.float32))
        np.testing.assert_array_equal(y, np.full(size, expected, np.float32))
        assert np.isnan(value) or not np.signbit(y).any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid(dtype: type) -> None:
    x = sweep(dtype)
    wide = x.astype(np.float64)
    small = np.exp(-np.abs(wide))
    close(ops.sigmoid(x), np.where(wide < 0, small, 1) / (1 + small))
    special = ops.sigmoid(np.array([np.nan, np.inf, -np.inf], dtype))
    np.testing.assert_array_equal(special, np.array([np.nan, 1, 0], dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_tanh(dtype: type) -> None:
    x = sweep(dtype)
    close(ops.tanh(x), np.tanh(x.astype(np.float64)))
    special = ops.tanh(np.array([np.nan, np.inf, -np.inf], dtype))
    np.testing.assert_array_equal(special, np.array([np.nan, 1, -1], dtype))


@pytest.mark.parametrize("shape", [(1, 1), (1, 10), (33, 10), (4, 1000), (2, 3, 5)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax(shape: tuple[int, ...], dtype: type) -> None:
    (x,) = (a.astype(dtype) * 5 for a in normals(2, shape))
    y = ops.softmax(x)
    assert (y.dtype, y.shape) == (x.dtype, shape)
    # A shift by the maximum rounds once: its error grows by the size of the exponent, and sums by their length.
    np.testing.assert_allclose(y, reference.softmax(x), rtol=60 * float(np.finfo(dtype).eps), atol=0)


def test_softmax_of_extreme_rows() -> None:
    rows = np.array([[1e4, -1e4, 0], [3e38, 3e38, 3e38], [-np.inf, 0, 0], [-3e38, -3e38, -np.inf]], np.float32)
    expected = [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0, 0.5, 0.5], [0.5, 0.5, 0]]
    np.testing.assert_allclose(ops.softmax(rows), expected, rtol=1e-6)
    with_nan = ops.softmax(np.array([[0, np.nan, 1], [0, 1, 2]], np.float32))
    assert np.isnan(with_nan[0]).all()
    assert np.isfinite(with_nan[1]).all()


def test_softmax_backward_is_the_difference_quotient() -> None:
    x, dy = (a.astype(np.float64) for a in normals(3, (3, 6), (3, 6)))
    dx = ops.softmax_backward(dy, ops.softmax(x))
    for place in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[place] = 1e-6
        quotient = ((ops.softmax(x + step) - ops.softmax(x - step)) * dy).sum() / 2e-6
        assert dx[place] == pytest.approx(quotient, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("op", [ops.relu, ops.sigmoid, ops.tanh, ops.softmax], ids=lambda op: op.__name__)
def test_layouts_threads_and_splits_change_no_bit(op: Callable[[Array], Array]) -> None:
    (x,) = normals(4, (37, 1700))
    y = op(x)
    for form, shaped in layouts(x).items():
        assert digest([op(shaped)]) == digest([y]), form
    for count in (2, 3, 5):
        with runtime.threads(count):
            assert digest([op(x)]) == digest([y]), count
    assert digest([op(row[None]) for row in x]) == digest([row[None] for row in y])
