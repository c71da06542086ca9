"""Models: layers in a row or in any graph, with Keras's training methods."""

from __future__ import annotations

from typing import Any

from convcore.keras_names import missing
from convcore.models.clone import clone_model, model_from_json
from convcore.models.functional import Functional
from convcore.models.model import Model
from convcore.models.sequential import Sequential
from convcore.saving import load_model, save_model

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]


def __getattr__(name: str) -> Any:
    raise missing("models", name) or AttributeError(f"module {__name__!r} has no attribute {name!r}")
