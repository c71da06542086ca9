"""Copies of a model's architecture."""

from __future__ import annotations

from typing import Any

from convcore.layers.base import Layer
from convcore.models.model import Model

__all__ = ["clone_model"]


def clone_model(model: Model) -> Any:
    """A model of the same layers and names as `model`, with new weights."""
    custom = {type(layer).__name__: type(layer) for layer in _all_layers(model) if layer._is_custom}
    return type(model).from_config(model.get_config(), custom)


def _all_layers(model: Model) -> list[Layer]:
    found: list[Layer] = []
    for layer in model.layers:
        found += _all_layers(layer) if isinstance(layer, Model) else [layer]
    return found
