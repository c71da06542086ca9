"""The few functions of ``keras.backend`` that scripts call."""

from __future__ import annotations

from typing import Any

from convcore.keras_names import missing
from convcore.layers.formats import image_data_format, set_image_data_format
from convcore.naming import get_uid, reset_uids
from convcore.utils.session import clear_session

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "reset_uids",
    "set_image_data_format",
]


def backend() -> str:
    """The name of the engine: always "convcore"."""
    return "convcore"


def epsilon() -> float:
    """The small number that keeps logarithms and divisions finite.

    >>> epsilon()
    1e-07
    """
    return 1e-7


def floatx() -> str:
    """The dtype of all computation: always "float32"."""
    return "float32"


def __getattr__(name: str) -> Any:
    raise missing("backend", name) or AttributeError(f"module {__name__!r} has no attribute {name!r}")
