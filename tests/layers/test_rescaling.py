"""Rescaling as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import layers
from convcore.errors import NotSupportedError, ParameterError, ShapeError


@pytest.mark.parametrize("dtype", ["uint8", "float64", "int32"])
def test_values_are_cast_scaled_and_shifted(dtype: str) -> None:
    x = np.arange(12).reshape(3, 4).astype(dtype)
    y = layers.Rescaling(1 / 255, offset=-1)(x)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, x / 255 - 1, rtol=1e-6)


def test_the_gradient_is_scaled() -> None:
    layer = layers.Rescaling(0.5)
    layer.forward(np.zeros((2, 3)))
    np.testing.assert_array_equal(layer.backward(np.ones((2, 3))), np.full((2, 3), 0.5, np.float32))


@pytest.mark.parametrize("scale", ["1", None, np.inf, True])
def test_scales_that_are_none(scale: Any) -> None:
    with pytest.raises(ParameterError, match="scale"):
        layers.Rescaling(scale)


def test_a_number_for_each_channel() -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    for scale, offset in (([1.0, 2.0, 3.0], 0.5), (2, np.arange(3.0)), ((1, 0, -1), [3, 2, 1])):
        layer = layers.Rescaling(scale, offset)
        np.testing.assert_allclose(layer(x), x * np.float32(scale) + np.float32(offset), rtol=1e-6)
        assert layers.Rescaling.from_config(layer.get_config()).get_config() == layer.get_config()
    with pytest.raises(ShapeError, match="one for each of 3 channels"):
        layers.Rescaling([1.0, 2.0])(x)


@pytest.mark.parametrize("argument", ["scale", "offset"])
def test_several_axes_are_refused_by_name(argument: str) -> None:
    with pytest.raises(NotSupportedError, match=f"`{argument}` of several axes in keras.layers.Rescaling"):
        layers.Rescaling(**{"scale": 1.0, argument: [[1.0, 2.0]]})


def test_config_makes_the_layer_again() -> None:
    layer = layers.Rescaling(0.5, 2)
    assert layers.Rescaling.from_config(layer.get_config()).get_config() == layer.get_config()
