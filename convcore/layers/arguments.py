"""The checks of the arguments that every layer takes."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from convcore.layers.validation import Shape, standardize_shape

__all__ = ["is_float32", "is_name", "pop_input_shape"]


def pop_input_shape(kwargs: dict[str, Any]) -> Shape | None:
    """Take the old arguments `input_shape` and `input_dim` out of `kwargs`, with Keras's warning."""
    input_dim = kwargs.pop("input_dim", None)
    input_shape = kwargs.pop("input_shape", None)
    if input_dim is not None:
        input_shape = (input_dim,)
    if input_shape is None:
        return None
    warnings.warn(
        "Do not pass an `input_shape`/`input_dim` argument to a layer. When using Sequential models, prefer using an "
        "`Input(shape)` object as the first layer in the model instead.",
        UserWarning,
        stacklevel=_past_constructors(),
    )
    return standardize_shape(input_shape)


def _past_constructors() -> int:
    """The stack level, from the caller's on, of the line that makes a layer: past the constructors of its classes."""
    frame: Any = inspect.currentframe()
    frame, level = frame.f_back.f_back, 2
    layer = frame.f_locals.get("self")
    while frame is not None and frame.f_code.co_name == "__init__" and frame.f_locals.get("self") is layer:
        frame, level = frame.f_back, level + 1
    return level


def is_name(name: Any) -> bool:
    """Whether `name` can be the name of a layer: at most 256 printable characters without a slash."""
    return isinstance(name, str) and len(name) <= 256 and name.isprintable() and "/" not in name


def is_float32(dtype: Any) -> bool:
    """Whether `dtype` means float32, as None does, and the policy of that name in Keras's configurations."""
    if isinstance(dtype, Mapping) and dtype.get("class_name") == "DTypePolicy":
        config = dtype.get("config")
        dtype = config.get("name", "") if isinstance(config, Mapping) else ""
    if dtype is None:
        return True
    try:
        return bool(np.dtype(dtype) == np.float32)
    except (TypeError, ValueError):
        return False
