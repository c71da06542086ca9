"""Depthwise and separable convolutions of lines, against those of images one pixel high."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import ops
from convcore.errors import ParameterError, ShapeError
from tests.checks import normals

WORDS: list[dict[str, Any]] = [
    {},
    {"stride": 2, "padding": "same"},
    {"dilation": (2,), "padding": (1, 0)},
    {"padding": "causal", "dilation": 2},
]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("words", WORDS)
def test_a_line_is_an_image_one_pixel_high(words: dict[str, Any], data_format: str, dtype: str) -> None:
    first = data_format == "channels_first"
    arrays = normals(1, (2, 3, 11) if first else (2, 11, 3), (3, 3, 2), (6,), (1, 6, 5), (5,))
    x, w, bias, mixing, shift = (array.astype(dtype) for array in arrays)
    row = 2 if first else 1
    images = {
        "stride": (1, words.get("stride", 1)),
        "dilation": (1, words.get("dilation", 1) if isinstance(words.get("dilation", 1), int) else 2),
        "padding": {"causal": ((0, 0), (4, 0)), (1, 0): ((0, 0), (1, 0))}.get(words.get("padding", "valid"), "same"),
        "data_format": data_format,
    }
    images["padding"] = images["padding"] if "padding" in words else "valid"
    words = words | {"data_format": data_format}
    image = np.expand_dims(x, row)
    y = ops.depthwise_conv1d(x, w, bias, activation="relu", **words)
    assert y.dtype == x.dtype
    truth = ops.depthwise_conv2d(image, w[None], bias, activation="relu", **images)
    np.testing.assert_array_equal(y, truth.squeeze(row))
    mixed = ops.separable_conv1d(x, w, mixing, shift, activation="relu", **words)
    separable = ops.separable_conv2d(image, w[None], mixing[None], shift, activation="relu", **images)
    # Of float16 the op of images rounds in between, that of lines at the end.
    tolerance = {"rtol": 1e-2, "atol": 1e-1} if dtype == "float16" else {"rtol": 0, "atol": 0}
    np.testing.assert_allclose(mixed, separable.squeeze(row), **tolerance)
    (dy,) = (array.astype(dtype) for array in normals(2, y.shape))
    dx = ops.depthwise_conv1d_backward_data(dy, w, x.shape, **words)
    back = ops.depthwise_conv2d_backward_data(np.expand_dims(dy, row), w[None], image.shape, **images)
    np.testing.assert_array_equal(dx, back.squeeze(row))
    dw, db = ops.depthwise_conv1d_backward_weights(x, dy, w.shape, **words)
    of_images = ops.depthwise_conv2d_backward_weights(image, np.expand_dims(dy, row), (1, *w.shape), **images)
    np.testing.assert_array_equal(dw, of_images[0][0])
    np.testing.assert_array_equal(db, of_images[1])
    assert dx.dtype == dw.dtype == db.dtype == x.dtype


def test_what_is_refused() -> None:
    x, w = np.zeros((1, 5, 3), np.float32), np.zeros((2, 3, 1), np.float32)
    with pytest.raises(ShapeError, match="w: expected 3 dimensions"):
        ops.depthwise_conv1d(x, w[0])
    with pytest.raises(ShapeError, match="x: expected 3 dimensions"):
        ops.depthwise_conv1d(x[0], w)
    with pytest.raises(ParameterError, match="padding: expected .*'causal'"):
        ops.depthwise_conv1d(x, w, padding="full")
    with pytest.raises(ShapeError, match="pointwise: expected"):
        ops.separable_conv1d(x, w, np.zeros((2, 3, 4), np.float32))
