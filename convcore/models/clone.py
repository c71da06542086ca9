"""Copies of a model's architecture."""

from __future__ import annotations

from convcore.layers.base import Layer
from convcore.models.sequential import Sequential

__all__ = ["clone_model"]


def clone_model(model: Sequential) -> Sequential:
    """A model of the same layers and names as `model`, with new weights."""
    custom = {type(layer).__name__: type(layer) for layer in _all_layers(model) if layer._is_custom}
    clone: Sequential = type(model).from_config(model.get_config(), custom)
    return clone


def _all_layers(model: Sequential) -> list[Layer]:
    found: list[Layer] = []
    for layer in model.layers:
        found += _all_layers(layer) if isinstance(layer, Sequential) else [layer]
    return found
