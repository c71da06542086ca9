"""Images of another size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import errors, layers

X = np.random.default_rng(0).normal(size=(3, 6, 9, 2)).astype("float32")


def resized(x: Any, height: int, width: int, interpolation: str) -> Any:
    """The definition: pixels at their centres, the border's beyond it."""
    for axis, new in ((1, height), (2, width)):
        old = x.shape[axis]
        at = (np.arange(new) + 0.5) * old / new - 0.5
        if interpolation == "nearest":
            x = x.take(np.floor((np.arange(new) + 0.5) * old / new).astype(int), axis)
            continue
        low = np.floor(at).astype(int)
        share = (at - low).reshape((-1,) + (1,) * (3 - axis))
        x = x.take(low.clip(0, old - 1), axis) * (1 - share) + x.take((low + 1).clip(0, old - 1), axis) * share
    return x


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize(("height", "width"), [(3, 9), (12, 18), (7, 4), (1, 1), (6, 9)])
def test_resizing(height: int, width: int, interpolation: str) -> None:
    layer = layers.Resizing(height, width, interpolation)
    y = layer(X)
    np.testing.assert_allclose(y, resized(X, height, width, interpolation), rtol=1e-5, atol=1e-6)
    first = layers.Resizing(height, width, interpolation, data_format="channels_first")
    np.testing.assert_array_equal(first(X.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1), y)
    assert first.compute_output_shape((None, 2, 6, 9)) == (None, 2, height, width)
    assert layer.compute_output_shape((None, None, 9, 2)) == (None, height, width, 2)
    # The gradient is the adjoint.
    model = keras.Sequential([keras.Input((6, 9, 2)), layer])
    y = model.forward(X)
    dy = np.random.default_rng(1).normal(size=y.shape).astype("float32")
    assert np.vdot(model.backward(dy).astype("float64"), X) == pytest.approx(np.vdot(y.astype("float64"), dy), rel=1e-4)


def test_the_aspect_ratio() -> None:
    cropped = layers.Resizing(4, 4, crop_to_aspect_ratio=True)(X)
    np.testing.assert_allclose(cropped, resized(X[:, :, 1:7], 4, 4, "bilinear"), rtol=1e-5, atol=1e-6)
    for fill in (0.0, 2.0):
        padded = layers.Resizing(3, 3, pad_to_aspect_ratio=True, fill_value=fill)(X)
        whole = np.pad(X, ((0, 0), (1, 1), (0, 0), (0, 0)), constant_values=fill)
        np.testing.assert_allclose(padded, resized(whole, 3, 3, "bilinear"), rtol=1e-5, atol=1e-6)


def test_center_crop() -> None:
    np.testing.assert_array_equal(layers.CenterCrop(3, 4)(X), X[:, 1:4, 2:6])
    wide = layers.CenterCrop(8, 4)(X)
    np.testing.assert_allclose(wide, resized(X[:, :, 3:6], 8, 4, "bilinear"), rtol=1e-5, atol=1e-6)


def test_random_crop() -> None:
    counted = np.arange(54, dtype=np.float32).reshape(1, 6, 9, 1).repeat(500, 0)
    layer = layers.RandomCrop(4, 7, seed=1)
    y = layer(counted)
    corners, counts = np.unique(y[:, 0, 0, 0].astype(int), return_counts=True)
    assert sorted(corners) == [9 * row + column for row in range(3) for column in range(3)]
    assert counts.min() > 30
    for image, corner in zip(y, y[:, 0, 0, 0].astype(int), strict=True):
        row, column = divmod(corner, 9)
        np.testing.assert_array_equal(image, counted[0, row : row + 4, column : column + 7])
    still = layer(X, training=False)
    np.testing.assert_allclose(still, layers.Resizing(4, 7, crop_to_aspect_ratio=True)(X), rtol=1e-5, atol=1e-6)
    small = layers.RandomCrop(6, 12)(X)
    np.testing.assert_allclose(small, layers.Resizing(6, 12, crop_to_aspect_ratio=True)(X), rtol=1e-5, atol=1e-6)
    with pytest.raises(errors.ShapeError, match="fully defined height and width"):
        layer.compute_output_shape((None, None, 9, 1))


def test_gradients_of_random_crops_are_the_adjoint() -> None:
    for data_format in ("channels_last", "channels_first"):
        layer = layers.RandomCrop(2, 3, seed=1, data_format=data_format)
        x = X if data_format == "channels_last" else np.ascontiguousarray(X.transpose(0, 3, 1, 2))
        y = layer.forward(x, training=True)
        dy = np.random.default_rng(1).normal(size=y.shape).astype("float32")
        dx = layer.backward(dy)
        assert np.vdot(dx.astype("float64"), x) == pytest.approx(np.vdot(y.astype("float64"), dy), rel=1e-4)


@pytest.mark.parametrize("name", ["Resizing", "CenterCrop", "RandomCrop"])
def test_arguments_and_configurations(name: str) -> None:
    cls = getattr(layers, name)
    layer = cls(3, 4, data_format="channels_first", name="its")
    assert cls.from_config(layer.get_config()).get_config() == layer.get_config()
    with pytest.raises(errors.ParameterError, match="`width` must be a positive integer"):
        cls(3, 0)


@pytest.mark.parametrize(
    ("words", "error", "match"),
    [
        ({"interpolation": "bicubic"}, errors.NotSupportedError, "interpolation='bicubic' of keras.layers.Resizing"),
        ({"antialias": True}, errors.NotSupportedError, "`antialias` of keras.layers.Resizing"),
        ({"fill_mode": "edge"}, errors.ParameterError, "Only `'constant'` is supported"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, errors.ParameterError, "Only one of"),
    ],
)
def test_the_rest_is_refused(words: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        layers.Resizing(3, 3, **words)
