"""clone_model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers
from convcore.errors import NotSupportedError
from convcore.models import clone_model


class Own(layers.Layer):
    def forward(self, x: Any, training: bool = False) -> Any:
        return x


def test_same_layers_other_weights() -> None:
    model = Sequential([layers.Input((4,)), layers.Dense(3), Own(), Sequential([Own(), layers.Dense(2)])])
    clone = clone_model(model)
    assert clone.get_config() == model.get_config()
    assert type(clone.layers[1]) is Own
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])


def test_a_compiled_model_gives_a_compiled_one() -> None:
    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    assert not clone_model(model).compiled
    model.compile(optimizer="sgd", loss="mae", metrics=["mse"])
    twin = clone_model(model)
    assert twin.metrics_names == model.metrics_names
    assert twin.optimizer is not model.optimizer
    with pytest.raises(NotSupportedError, match="clone_function"):
        clone_model(model, clone_function=lambda layer: layer)
