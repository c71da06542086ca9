"""Copies of a model's architecture."""

from __future__ import annotations

from typing import Any

from convcore.checks import refuse
from convcore.layers.base import Layer
from convcore.models.model import Model

__all__ = ["clone_model"]


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Any = None,
    call_function: Any = None,
    recursive: bool = False,
) -> Any:
    """A model of the same layers and names as `model`, with new weights, and compiled as `model` is."""
    others = {
        "input_tensors": input_tensors,
        "clone_function": clone_function,
        "call_function": call_function,
        "recursive": recursive,
    }
    refuse("keras.models.clone_model", others, dict.fromkeys(others))
    custom = {type(layer).__name__: type(layer) for layer in _all_layers(model) if layer._is_custom}
    clone = type(model).from_config(model.get_config(), custom)
    arguments = model.get_compile_config()
    if arguments is not None:
        clone.compile_from_config({name: value for name, value in arguments.items() if name != "shuffle_seed"})
    return clone


def _all_layers(model: Model) -> list[Layer]:
    found: list[Layer] = []
    for layer in model.layers:
        found += _all_layers(layer) if isinstance(layer, Model) else [layer]
    return found
