"""Pools of lines are those of images one pixel high."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import ops
from convcore.errors import ParameterError, ShapeError


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same", "same_lower", 1, (1, 0)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_line_is_an_image(layout: str, padding: Any, dtype: str) -> None:
    rng = np.random.default_rng(1)
    for channels in (1, 3, 17):
        x = rng.integers(-3, 4, (2, channels, 11) if layout == "channels_first" else (2, 11, channels)).astype(dtype)
        at = 2 if layout == "channels_first" else 1
        image_padding: Any = (0, 1) if padding == 1 else ((0, 0), padding) if isinstance(padding, tuple) else padding
        line: dict[str, Any] = {"stride": 2, "padding": padding, "ceil_mode": True, "data_format": layout}
        image = line | {"stride": (1, 2), "padding": image_padding, "pool_size": (1, 3)}
        y, indices = ops.max_pool1d(x, 3, return_indices=True, **line)
        truth, places = ops.max_pool2d(np.expand_dims(x, at), return_indices=True, **image)
        np.testing.assert_array_equal(y, truth.squeeze(at))
        np.testing.assert_array_equal(indices, places.squeeze(at))
        dy = rng.integers(-3, 4, y.shape).astype(dtype)
        dx = ops.max_pool1d_backward(dy, indices, x.shape, pool_size=3, **line)
        full = np.expand_dims(x, at).shape
        expected = ops.max_pool2d_backward(np.expand_dims(dy, at), places, full, **image)
        np.testing.assert_array_equal(dx, expected.squeeze(at))
        mean = ops.avg_pool1d(x, 3, count_include_pad=True, **line)
        np.testing.assert_array_equal(
            mean, ops.avg_pool2d(np.expand_dims(x, at), count_include_pad=True, **image).squeeze(at)
        )
        dx = ops.avg_pool1d_backward(dy, x.shape, pool_size=3, divisor_override=2, **line)
        expected = ops.avg_pool2d_backward(np.expand_dims(dy, at), full, divisor_override=2, **image)
        np.testing.assert_array_equal(dx, expected.squeeze(at))


def test_dilation_and_sizes_of_one() -> None:
    x = np.arange(10.0).reshape(1, 10, 1)
    assert ops.max_pool1d(x, (3,), stride=[2], dilation=2).ravel().tolist() == [4.0, 6.0, 8.0]


def test_what_is_refused() -> None:
    x = np.zeros((1, 6, 2), np.float32)
    for words in (
        {"pool_size": (2, 2)},
        {"pool_size": 0},
        {"stride": (1, 1)},
        {"dilation": "2"},
        {"padding": (1, 1, 1)},
    ):
        with pytest.raises(ParameterError, match=next(iter(words))):
            ops.max_pool1d(x, **words)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="half"):
        ops.avg_pool1d(x, 2, padding=2)
    with pytest.raises(ShapeError, match=r"x\[None\]"):
        ops.avg_pool1d(np.zeros((6, 2)))
    with pytest.raises(ShapeError, match="larger than the padded image"):
        ops.max_pool1d(x, 7)
