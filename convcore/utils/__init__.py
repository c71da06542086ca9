"""Helpers with the names of ``keras.utils``."""

from __future__ import annotations

from typing import Any

from convcore.keras_names import missing
from convcore.layers.own import custom_object_scope, get_custom_objects, register_keras_serializable
from convcore.utils.arrays import normalize, to_categorical
from convcore.utils.py_dataset import PyDataset
from convcore.utils.session import clear_session, set_random_seed

#: Keras's older name.
Sequence = PyDataset

#: Keras's name of the class.
CustomObjectScope = custom_object_scope

__all__ = [
    "CustomObjectScope",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "get_custom_objects",
    "normalize",
    "register_keras_serializable",
    "set_random_seed",
    "to_categorical",
]


def __getattr__(name: str) -> Any:
    raise missing("utils", name) or AttributeError(f"module {__name__!r} has no attribute {name!r}")
