"""Pools of whole planes, and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import ops
from convcore.errors import ConvcoreError, ParameterError, ShapeError
from tests.reference import Array

SIZES = [(1, 1), (3, 5), (1, 16), (4, 4), (17, 16), (16, 17), (40, 61), (7, 7)]
CHANNELS = [1, 2, 3, 7, 8, 15, 16, 17, 64, 65, 130]


def images(seed: int, size: tuple[int, int], channels: int, dtype: str) -> Array:
    return np.random.default_rng(seed).integers(-8, 9, (3, *size, channels)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", SIZES)
def test_values_and_gradients(size: tuple[int, int], dtype: str) -> None:
    for channels in CHANNELS:
        x = images(1, size, channels, dtype)
        planes = x.reshape(3, -1, channels)
        dy = images(2, (1, 1), channels, dtype)[:, 0, 0]
        for layout, out in (("channels_last", x), ("channels_first", np.ascontiguousarray(x.transpose(0, 3, 1, 2)))):
            words: dict[str, Any] = {"data_format": layout}
            back = (0, 2, 3, 1) if layout == "channels_first" else (0, 1, 2, 3)
            y, indices = ops.global_max_pool2d(out, return_indices=True, **words)
            np.testing.assert_array_equal(y, planes.max(axis=1))
            np.testing.assert_array_equal(indices, planes.argmax(axis=1))
            np.testing.assert_array_equal(ops.global_max_pool2d(out, **words), y)
            dx = ops.global_max_pool2d_backward(dy, indices, out.shape, **words).transpose(back).reshape(planes.shape)
            np.testing.assert_array_equal(np.take_along_axis(dx, indices[:, None], 1)[:, 0], dy)
            assert np.count_nonzero(dx) == np.count_nonzero(dy)
            mean = ops.global_avg_pool2d(out, **words)
            exact = planes.sum(axis=1, dtype=np.float64) / planes.shape[1]
            np.testing.assert_array_equal(mean, exact.astype(dtype))
            share = ops.global_avg_pool2d_backward(dy, out.shape, **words).transpose(back).reshape(planes.shape)
            expected = np.broadcast_to((dy / np.dtype(dtype).type(planes.shape[1]))[:, None], planes.shape)
            np.testing.assert_array_equal(share, expected)


@pytest.mark.parametrize("channels", [1, 3, 8])
@pytest.mark.parametrize("size", [(3, 5), (16, 4), (23, 24)])
def test_special_values(size: tuple[int, int], channels: int) -> None:
    """The first NaN, else the first maximum, wherever they lie."""
    rng = np.random.default_rng(3)
    for values in ([0.0, 1.0, np.nan], [-np.inf, -np.inf, 1.0], [-np.inf], [np.nan], [0.0, -0.0]):
        for _ in range(10):
            x = rng.choice(np.array(values, np.float32), (2, *size, channels))
            y, indices = ops.global_max_pool2d(x, return_indices=True)
            truth, places = ops.max_pool2d(x, size, return_indices=True)
            assert y.tobytes() == truth.tobytes()
            np.testing.assert_array_equal(indices, places[:, 0, 0])
            np.testing.assert_array_equal(indices, x.reshape(2, -1, channels).argmax(axis=1))


def test_long_sums_stay_accurate() -> None:
    x = np.full((1, 700, 700, 1), 0.1, np.float32)
    for channels in (1, 8):
        y = ops.global_avg_pool2d(np.repeat(x, channels, axis=3))
        np.testing.assert_allclose(y, np.float32(0.1), rtol=2e-6)


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_kept_axes_and_lines(layout: str) -> None:
    first = layout == "channels_first"
    x = np.random.default_rng(4).standard_normal((2, 3, 5) if first else (2, 5, 3)).astype(np.float32)
    axis, kept = (2, (2, 3, 1)) if first else (1, (2, 1, 3))
    words: dict[str, Any] = {"data_format": layout}
    y, indices = ops.global_max_pool1d(x, keepdims=True, return_indices=True, **words)
    assert y.shape == indices.shape == kept
    np.testing.assert_array_equal(y, x.max(axis=axis, keepdims=True))
    np.testing.assert_array_equal(indices, x.argmax(axis=axis, keepdims=True))
    np.testing.assert_allclose(ops.global_avg_pool1d(x, **words), x.mean(axis=axis), rtol=1e-6)
    dx = ops.global_max_pool1d_backward(np.ones(kept, np.float32), indices, x.shape, **words)
    np.testing.assert_array_equal(dx, x == y)
    even = ops.global_avg_pool1d_backward(np.ones((2, 3), np.float32), x.shape, **words)
    np.testing.assert_array_equal(even, np.full(x.shape, np.float32(0.2)))
    image = x[:, :, None] if first else x[:, None]
    assert ops.global_avg_pool2d(image, keepdims=True, **words).shape == ((2, 3, 1, 1) if first else (2, 1, 1, 3))


def test_what_is_refused() -> None:
    x = np.zeros((1, 4, 4, 2), np.float32)
    with pytest.raises(ParameterError, match="keepdims"):
        ops.global_avg_pool2d(x, keepdims=1)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="expected 3 dimensions"):
        ops.global_max_pool1d(x)
    with pytest.raises(ShapeError, match="at least 1"):
        ops.global_avg_pool2d(np.zeros((1, 0, 4, 2)))
    with pytest.raises(ShapeError, match="dy: expected shape"):
        ops.global_avg_pool2d_backward(np.zeros((1, 3)), (1, 4, 4, 2))
    for index in (16, -1):
        with pytest.raises(ConvcoreError, match="outside the plane"):
            ops.global_max_pool2d_backward(np.zeros((1, 2)), np.full((1, 2), index), (1, 4, 4, 2))
    with pytest.raises(ShapeError, match="indices: cannot be made an array"):
        ops.global_max_pool2d_backward(np.zeros((1, 2)), [[1, 2], [3]], (1, 4, 4, 2))  # type: ignore[list-item]
    assert ops.global_avg_pool2d(np.zeros((0, 4, 4, 2))).shape == (0, 2)
    assert ops.global_max_pool2d_backward(np.zeros((0, 2)), np.zeros((0, 2), int), (0, 4, 4, 2)).shape == (0, 4, 4, 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pixels", [1, 5, 16, 63, 64, 65, 196])
def test_the_maximum_of_a_plane_is_the_first_of_equals_with_and_without_its_index(pixels: int, dtype: str) -> None:
    """Zeros of both signs, NaNs and planes of -inf: the same bits however the plane is read."""
    rng = np.random.default_rng(pixels)
    x = rng.choice([0.0, -0.0, -1.0, -np.inf], (40, 1, pixels, 1)).astype(dtype)
    x[:10] = -np.inf
    x[10:20] = np.where(rng.random((10, 1, pixels, 1)) < 0.1, np.nan, x[10:20])
    y, indices = ops.global_max_pool2d(x, return_indices=True)
    plain, at = x.reshape(40, pixels), indices[:, 0]
    nan, best = np.isnan(plain), plain.max(1, keepdims=True)
    np.testing.assert_array_equal(at, np.where(nan.any(1), nan.argmax(1), (plain == best).argmax(1)))
    for result in (y, ops.global_max_pool2d(x)):
        assert result.tobytes() == plain[np.arange(40), at].tobytes()
