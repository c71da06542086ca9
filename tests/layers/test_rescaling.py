"""Rescaling as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import layers
from convcore.errors import NotSupportedError, ParameterError


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


@pytest.mark.parametrize("value", [[1.0, 2.0, 3.0], (1, 2), np.ones(3), [[1], [1, 2]]])
@pytest.mark.parametrize("argument", ["scale", "offset"])
def test_a_number_per_channel_is_refused_by_name(argument: str, value: Any) -> None:
    with pytest.raises(NotSupportedError, match=f"`{argument}` per channel in keras.layers.Rescaling .supported: one"):
        layers.Rescaling(**{"scale": 1.0, argument: value})


def test_config_makes_the_layer_again() -> None:
    layer = layers.Rescaling(0.5, 2)
    assert layers.Rescaling.from_config(layer.get_config()).get_config() == layer.get_config()
