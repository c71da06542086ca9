"""`max_unpool2d` and its gradient."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import ConvcoreError, ParameterError, ShapeError
from tests.checks import digest
from tests.reference import Array


def scattered(x: Array, indices: Array, height: int, width: int) -> Array:
    """The definition, the last of equal indices wins."""
    y = np.zeros((x.shape[0], height * width, x.shape[3]), x.dtype)
    for n, h, w, c in np.ndindex(*x.shape):
        y[n, indices[n, h, w, c], c] = x[n, h, w, c]
    return y.reshape(x.shape[0], height, width, x.shape[3])


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_indices(layout: str, dtype: str) -> None:
    rng = np.random.default_rng(1)
    for channels in (1, 3, 17, 70):
        x = rng.integers(-8, 9, (2, 3, 4, channels)).astype(dtype)
        indices = rng.integers(0, 7 * 9, x.shape)
        order = (0, 3, 1, 2) if layout == "channels_first" else (0, 1, 2, 3)
        back = (0, 2, 3, 1) if layout == "channels_first" else (0, 1, 2, 3)
        out, places = x.transpose(order), indices.transpose(order)
        y = ops.max_unpool2d(out, places, 2, output_size=(7, 9), data_format=layout)
        np.testing.assert_array_equal(y.transpose(back), scattered(x, indices, 7, 9))
        dy = rng.integers(-8, 9, y.shape).astype(dtype)
        dx = ops.max_unpool2d_backward(dy, places, data_format=layout).transpose(back)
        flat = dy.transpose(back).reshape(2, -1, channels)
        expected = np.take_along_axis(flat, indices.reshape(2, -1, channels), 1).reshape(x.shape)
        np.testing.assert_array_equal(dx, expected)


def test_it_puts_back_what_a_pool_took() -> None:
    x = np.abs(np.random.default_rng(2).standard_normal((2, 9, 8, 5))).astype(np.float32)
    for words in ({"pool_size": 2}, {"pool_size": 3, "stride": 2, "padding": 1}):
        y, indices = ops.max_pool2d(x, return_indices=True, **words)  # type: ignore[call-overload]
        whole = ops.max_unpool2d(y, indices, output_size=(9, 8), **words)  # type: ignore[arg-type]
        again = ops.max_pool2d(whole, **words)  # type: ignore[arg-type]
        np.testing.assert_array_equal(again, y)
        assert ((whole == x) | (whole == 0)).all()
    y, indices = ops.max_pool2d(x[:, :8], return_indices=True)
    assert ops.max_unpool2d(y, indices).shape == (2, 8, 8, 5)


def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    rng = np.random.default_rng(3)
    for shape in ((1, 20, 20, 300), (40, 6, 6, 3)):
        x = rng.standard_normal(shape).astype(np.float32)
        indices = rng.integers(0, 4 * shape[1] * shape[2], shape)
        digests = set()
        for count in (1, 2, 3):
            with runtime.threads(count):
                y = ops.max_unpool2d(x, indices)
                digests.add(digest([y, ops.max_unpool2d_backward(y, indices)]))
        assert len(digests) == 1


def test_what_is_refused() -> None:
    x, indices = np.zeros((1, 2, 2, 3), np.float32), np.zeros((1, 2, 2, 3), np.int64)
    for size in ((6, 4), (4, 2), 7):
        with pytest.raises(ShapeError, match="output_size"):
            ops.max_unpool2d(x, indices, output_size=size)
    with pytest.raises(ParameterError, match="half"):
        ops.max_unpool2d(x, indices, padding=2)
    with pytest.raises(ParameterError, match="stride"):
        ops.max_unpool2d(x, indices, stride=0)
    with pytest.raises(ShapeError, match="output_size"):
        ops.max_unpool2d(x[:, :1, :1], indices[:, :1, :1], padding=1)
    for bad in (16, -1, 2**40, -(2**63)):
        with pytest.raises(ConvcoreError, match="outside the plane of 4x4"):
            ops.max_unpool2d(x, np.full_like(indices, bad))
        with pytest.raises(ConvcoreError, match="outside the plane of 4x4"):
            ops.max_unpool2d_backward(np.zeros((1, 4, 4, 3)), np.full_like(indices, bad))
    with pytest.raises(ShapeError, match="indices"):
        ops.max_unpool2d(x, indices[:, :1])
    with pytest.raises(ShapeError, match="indices: cannot be made an array"):
        ops.max_unpool2d_backward(np.zeros((1, 4, 4, 3)), [[1, 2], [3]])  # type: ignore[list-item]
    with pytest.raises(ShapeError, match="batch and channels"):
        ops.max_unpool2d_backward(np.zeros((1, 4, 4, 2)), indices)
    assert ops.max_unpool2d(x[:0], indices[:0]).shape == (0, 4, 4, 3)
    assert ops.max_unpool2d_backward(np.zeros((0, 4, 4, 3)), indices[:0]).shape == (0, 2, 2, 3)
