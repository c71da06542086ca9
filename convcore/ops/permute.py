"""Axes in another order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy.typing as npt

from convcore.arrays import as_reals
from convcore.engine import native
from convcore.ops.replaying import replayed
from convcore.ops.running import PROGRAMS, Array, Shape, in_same_dtype_as_input, new_result, run
from convcore.plans import permute as plan
from convcore.plans.steps import Steps
from convcore.shapes import axes_order

__all__ = ["permute"]


@lru_cache(PROGRAMS)
def _program(shape: Shape, order: Shape, dtype: str) -> native.Program:
    steps = Steps(dtype)
    size = steps.item_bytes
    for length in shape:
        size *= length
    plan.permute(steps, shape, order, steps.external(size), steps.external(size, written=True))
    return steps.build()


@replayed
@in_same_dtype_as_input
def permute(x: npt.ArrayLike, order: Sequence[int]) -> Array:
    """x with its axes in `order`, copied into a plain array: axis i of the result is axis ``order[i]`` of x.

    The result has the dtype of x.

    Raises `ParameterError` unless `order` names each axis of x once.

    >>> import numpy as np, convcore
    >>> convcore.ops.permute(np.array([[1, 2, 3], [4, 5, 6]], np.float32), (1, 0)).tolist()
    [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]
    """
    dtype, (values,) = as_reals(x=x)
    axes = axes_order("order", order, values.ndim)
    y = new_result(tuple(values.shape[axis] for axis in axes), dtype)
    if values.size:
        run(_program(values.shape, axes, dtype), values, y)
    return y
