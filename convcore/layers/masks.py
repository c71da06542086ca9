"""The masks of merged inputs: which steps of a line count, True for those that do."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.checks import shown
from convcore.errors import ParameterError

__all__ = ["either", "joined"]

Mask = npt.NDArray[np.bool_]


def either(inputs: Any, mask: Any) -> Mask | None:
    """The mask of inputs that are merged element by element: a step counts if it does in one; None unless all have one.

    >>> either([[[1.0], [2.0]]] * 2, [[[True, False]], [[False, False]]])
    array([[ True, False]])
    """
    masks = _checked(inputs, mask)
    if not masks or any(each is None for each in masks):
        return None
    merged = np.asarray(masks[0], dtype=bool)
    for each in masks[1:]:
        merged = np.logical_or(merged, np.asarray(each, dtype=bool))
    return merged


def joined(inputs: Any, mask: Any, axis: int) -> Mask | None:
    """The mask of inputs side by side along `axis`; an input without one counts throughout, None if none has one.

    >>> joined([np.ones((1, 2, 3)), np.ones((1, 2, 3))], [[[True, False]], None], 1)
    array([[ True, False,  True,  True]])
    """
    masks = _checked(inputs, mask)
    if all(each is None for each in masks):
        return None
    whole = []
    for x, each in zip(inputs, masks, strict=True):
        shape = tuple(x.shape)
        array = np.ones(shape, dtype=bool) if each is None else np.asarray(each, dtype=bool)
        if array.ndim < len(shape):
            array = np.broadcast_to(array.reshape(array.shape + (1,) * (len(shape) - array.ndim)), shape)
        whole.append(array)
    return np.asarray(np.concatenate(whole, axis=axis).any(axis=-1))


def _checked(inputs: Any, mask: Any) -> list[Any]:
    """The masks, one for each input; empty if there are none at all."""
    if mask is None:
        return []
    for name, value in (("mask", mask), ("inputs", inputs)):
        if not isinstance(value, list | tuple):
            raise ParameterError(f"`{name}` should be a list. Received: {name}={shown(value)}")
    if len(mask) != len(inputs):
        raise ParameterError(
            "The lists `inputs` and `mask` should have the same length. "
            f"Received: {len(inputs)} inputs and {len(mask)} masks."
        )
    return list(mask)
