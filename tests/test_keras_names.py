"""What convcore does not have says so by name."""

from __future__ import annotations

import importlib

import pytest

import convcore
from convcore.errors import NotSupportedError
from convcore.keras_names import missing


@pytest.mark.parametrize("name", ["LSTM", "Embedding", "SpectralNormalization", "Conv3DTranspose", "Masking"])
def test_layers_of_keras_are_refused_by_name_with_what_there_is(name: str) -> None:
    layers = importlib.import_module("convcore.layers")
    with pytest.raises(NotSupportedError, match=rf"convcore does not implement keras\.layers\.{name} \(supported: Act"):
        getattr(layers, name)


def test_an_import_that_allows_for_missing_names_goes_on() -> None:
    with pytest.raises(ImportError, match=r"keras\.layers\.LSTM"):
        from convcore.layers import LSTM  # noqa: F401


@pytest.mark.parametrize("name", ["quantizers", "applications", "mixed_precision", "KerasTensor"])
def test_modules_of_keras_are_refused_by_name(name: str) -> None:
    with pytest.raises(NotSupportedError, match=rf"convcore does not implement keras\.{name} \(supported: Sequential"):
        getattr(convcore, name)


@pytest.mark.parametrize(
    "module", ["layers", "initializers", "activations", "models", "utils", "backend", "saving", "datasets"]
)
def test_unknown_names_are_attribute_errors(module: str) -> None:
    room = importlib.import_module(f"convcore.{module}")
    with pytest.raises(AttributeError, match="nonsense"):
        _ = room.nonsense
    assert not hasattr(room, "nonsense")
    assert not hasattr(convcore, "nonsense")


def test_what_is_there_is_not_missing() -> None:
    """A name in a module's __all__ is found before it can be refused."""
    for module in ("layers", "initializers", "activations", "models", "utils", "backend", "saving", "datasets"):
        room = importlib.import_module(f"convcore.{module}")
        assert all(getattr(room, name) is not None for name in room.__all__)


def test_missing_knows_the_difference() -> None:
    assert missing("layers", "nonsense") is None
    assert str(missing("losses", "Dice", "mse")) == "convcore does not implement keras.losses.Dice (supported: mse)"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("datasets", "cifar10"),
        ("datasets", "imdb"),
        ("layers", "experimental"),
        ("utils", "np_utils"),
        ("backend", "get_value"),
        ("saving", "KerasFileEditor"),
    ],
)
@pytest.mark.parametrize("code", ["convcore.{0}.{1}", "from convcore.{0} import {1}"])
def test_names_are_refused_as_attributes_and_in_imports(module: str, name: str, code: str) -> None:
    with pytest.raises(NotSupportedError, match=rf"implement keras\.{module}\.{name} \(supported: "):
        exec(f"import convcore\n{code.format(module, name)}", {})


@pytest.mark.parametrize("name", ["quantizers", "applications", "preprocessing"])
def test_missing_modules_are_refused_in_imports(name: str) -> None:
    with pytest.raises(NotSupportedError, match=rf"implement keras\.{name} \(supported: "):
        exec(f"from convcore import {name}", {})


def test_the_base_classes_are_at_the_top() -> None:
    assert convcore.Loss is convcore.losses.Loss
    assert convcore.Metric is convcore.metrics.Metric
    assert convcore.Optimizer is convcore.optimizers.Optimizer
