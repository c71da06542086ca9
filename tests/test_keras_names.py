"""What convcore does not have says so by name."""

from __future__ import annotations

import importlib

import pytest

import convcore
from convcore.errors import NotSupportedError
from convcore.keras_names import missing


@pytest.mark.parametrize("name", ["LSTM", "Embedding", "BatchNormalization", "Conv2DTranspose", "Lambda"])
def test_layers_of_keras_are_refused_by_name_with_what_there_is(name: str) -> None:
    layers = importlib.import_module("convcore.layers")
    with pytest.raises(NotSupportedError, match=rf"convcore does not implement keras\.layers\.{name} \(supported: Act"):
        getattr(layers, name)


@pytest.mark.parametrize("name", ["regularizers", "applications", "Model", "mixed_precision", "KerasTensor"])
def test_modules_of_keras_are_refused_by_name(name: str) -> None:
    with pytest.raises(NotSupportedError, match=rf"convcore does not implement keras\.{name} \(supported: Sequential"):
        getattr(convcore, name)


@pytest.mark.parametrize("module", ["layers", "initializers", "activations", "models", "utils", "backend"])
def test_unknown_names_are_attribute_errors(module: str) -> None:
    room = importlib.import_module(f"convcore.{module}")
    with pytest.raises(AttributeError, match="nonsense"):
        _ = room.nonsense
    assert not hasattr(room, "nonsense")
    assert not hasattr(convcore, "nonsense")


def test_what_is_there_is_not_missing() -> None:
    """A name in a module's __all__ is found before it can be refused."""
    for module in ("layers", "initializers", "activations", "models", "utils", "backend"):
        room = importlib.import_module(f"convcore.{module}")
        assert all(getattr(room, name) is not None for name in room.__all__)


def test_missing_knows_the_difference() -> None:
    assert missing("layers", "nonsense") is None
    assert str(missing("losses", "Dice", "mse")) == "convcore does not implement keras.losses.Dice (supported: mse)"
