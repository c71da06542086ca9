"""Helpers with the names of ``keras.utils``."""

from __future__ import annotations

from typing import Any

from convcore.keras_names import missing
from convcore.utils.arrays import normalize, to_categorical
from convcore.utils.py_dataset import PyDataset
from convcore.utils.session import clear_session, set_random_seed

#: Keras's older name.
Sequence = PyDataset

__all__ = ["PyDataset", "Sequence", "clear_session", "normalize", "set_random_seed", "to_categorical"]


def __getattr__(name: str) -> Any:
    raise missing("utils", name) or AttributeError(f"module {__name__!r} has no attribute {name!r}")
