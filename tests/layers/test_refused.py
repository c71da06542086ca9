"""What layers and models refuse by name."""

from __future__ import annotations

from typing import Any

import pytest

import convcore as keras
from convcore.errors import MissingAttributeError
from convcore.layers.refused import OF_LAYERS, OF_MODELS


@pytest.mark.parametrize("name", OF_LAYERS)
def test_attributes_of_layers(name: str) -> None:
    layer = keras.layers.Dense(2)
    with pytest.raises(MissingAttributeError, match=rf"convcore does not implement {name} of Dense \(supported: "):
        getattr(layer, name)
    assert not hasattr(layer, name)


@pytest.mark.parametrize("name", [*OF_LAYERS, *OF_MODELS])
def test_attributes_of_models(name: str) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    with pytest.raises(MissingAttributeError, match=f"{name} of Sequential"):
        getattr(model, name)


def test_a_class_of_ones_own_may_have_them() -> None:
    class Noted(keras.layers.Layer):
        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return mask

        def call(self, x: Any) -> Any:
            self.add_loss(x)
            return x

    layer = Noted()
    assert layer.compute_mask(None) is None
    with pytest.raises(MissingAttributeError, match=r"add_loss of Noted \(supported: activity_regularizer"):
        layer([[1.0]])
