"""Models in files: safetensors with the configuration as JSON, a checksum over every byte, and no code.

Any file name is taken, also ``.keras`` and ``.weights.h5`` as in Keras's tutorials; the content is always
convcore's own format, version 1.
"""

from __future__ import annotations

from typing import Any

from convcore.keras_names import missing
from convcore.layers.own import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    register_keras_serializable,
)
from convcore.saving.model_file import load_model, save_model
from convcore.saving.weights_file import load_weights, save_weights

#: Keras's name of the class.
CustomObjectScope = custom_object_scope

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "get_custom_objects",
    "get_registered_name",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
]


def __getattr__(name: str) -> Any:
    raise missing("saving", name) or AttributeError(f"module {__name__!r} has no attribute {name!r}")
