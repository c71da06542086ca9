"""The arguments of a call() of one's own: which of them are tensors, and what else there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convcore.layers.structures import flat
from convcore.layers.symbolic import SymbolicTensor
from convcore.layers.validation import Shape, standardize_shape

__all__ = ["Given", "Place", "filled", "placed", "shapes_in"]


@dataclass(frozen=True)
class Place:
    """Where an argument of call() is a tensor: which of them."""

    number: int


class Given(list[Any]):
    """The tensors of a call, in their order, whatever the arguments in which they were."""


def _is_tensor(value: Any) -> bool:
    return isinstance(value, SymbolicTensor) or hasattr(value, "__array__")


def placed(value: Any, tensors: list[Any], is_first: bool) -> Any:
    """`value` with a Place for each tensor in it, which joins `tensors`; the first argument is one, whatever it is."""
    if isinstance(value, dict):
        parts = {key: placed(value[key], tensors, is_first) for key in sorted(value)}
        return {key: parts[key] for key in value}
    if isinstance(value, list | tuple) and any(_is_tensor(part) for part in flat(value)):
        return [placed(part, tensors, is_first) for part in value]
    if is_first or _is_tensor(value):
        tensors.append(value)
        return Place(len(tensors) - 1)
    return value


def filled(form: Any, things: Sequence[Any]) -> Any:
    """`form` with a thing for each Place."""
    if isinstance(form, dict):
        return {key: filled(part, things) for key, part in form.items()}
    if isinstance(form, list):
        return [filled(part, things) for part in form]
    return things[form.number] if isinstance(form, Place) else form


def shapes_in(input_shape: Any) -> list[Shape]:
    """The shapes in what `build` takes: one, or several in a list, tuple or dict."""
    if isinstance(input_shape, dict):
        return [standardize_shape(input_shape[key]) for key in sorted(input_shape)]
    if isinstance(input_shape, list | tuple) and input_shape and isinstance(input_shape[0], list | tuple):
        return [standardize_shape(shape) for shape in input_shape]
    return [standardize_shape(input_shape)]
