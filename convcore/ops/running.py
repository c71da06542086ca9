"""What the ops share: checks of arguments that are neither arrays nor geometry, memory for results, one native call."""

from __future__ import annotations

import functools
import inspect
import math
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from convcore.arrays import in_given_dtype, in_same_dtype
from convcore.checks import shown
from convcore.engine import native
from convcore.errors import ParameterError, ResourceLimitError, ShapeError
from convcore.memory import require_memory
from convcore.ops.replaying import noted_result, noted_run
from convcore.runtime import get_num_threads

__all__ = [
    "PROGRAMS",
    "Array",
    "Shape",
    "boolean",
    "check_shape",
    "in_dtype_of_input",
    "in_same_dtype_as_input",
    "matrix_shape",
    "new_result",
    "run",
    "wants_relu",
]

Array = npt.NDArray[Any]
Shape = tuple[int, ...]

P = ParamSpec("P")
Result = TypeVar("Result")

# Dtypes of inputs whose results are as they are.
FULL = frozenset(np.dtype(name) for name in ("float32", "float64"))

# Programs of the problems met last; each is about a kilobyte.
PROGRAMS = 256


def new_result(shape: Shape, dtype: Any) -> Array:
    """An array for a result, not yet filled; refused before anything is allocated if the system cannot carry it."""
    item = np.dtype(dtype).itemsize
    require_memory(math.prod(shape) * item, f"a result of shape {shape}")
    # NumPy counts the bytes of an empty array as if its axes of length 0 had length 1.
    if math.prod(max(size, 1) for size in shape) * item > sys.maxsize:
        raise ResourceLimitError(f"a result of shape {shape} is beyond what an array can be.")
    return noted_result(np.empty(shape, dtype=dtype))


def run(program: native.Program, *externals: Array) -> None:
    """Run the program of one op on checked arrays."""
    if program.arena_bytes or program.scratch_bytes:
        require_memory(program.arena_bytes + get_num_threads() * program.scratch_bytes, "the workspace")
    noted_run(program, externals)


def in_dtype_of_input(op: Callable[P, Result]) -> Callable[P, Result]:
    """`op`, whose result is rounded to float16 or bfloat16 where its first argument is of that dtype."""
    return _converted(op, in_given_dtype)


def in_same_dtype_as_input(op: Callable[P, Result]) -> Callable[P, Result]:
    """`op`, which picks elements of its first argument, with a result of that dtype, be it one of integers."""
    return _converted(op, in_same_dtype)


def _converted(op: Callable[P, Result], convert: Callable[[Array, Any], Array]) -> Callable[P, Result]:
    first = next(iter(inspect.signature(op).parameters))

    @functools.wraps(op)
    def converted(*args: P.args, **kwargs: P.kwargs) -> Result:
        result: Any = op(*args, **kwargs)
        given = args[0] if args else kwargs[first]
        if getattr(given, "dtype", None) in FULL:
            return result  # type: ignore[no-any-return]
        if isinstance(result, tuple):
            return (convert(result[0], given), *result[1:])  # type: ignore[return-value]
        return convert(result, given)  # type: ignore[return-value]

    return converted


def wants_relu(activation: Any) -> bool:
    """Whether `activation`, None or a name, is the ReLU."""
    if activation is None:
        return False
    if isinstance(activation, str) and activation.lower() in {"linear", "relu"}:
        return activation.lower() == "relu"
    raise ParameterError(f"activation: expected None, 'linear' or 'relu', got {shown(activation)}.")


def boolean(name: str, value: Any) -> bool:
    """`value`, which must be True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ParameterError(f"{name}: expected True or False, got {shown(value)}.")
    return bool(value)


def check_shape(name: str, array: Array, expected: Shape, why: str) -> None:
    """Refuse an `array` of another shape than `expected`."""
    if array.shape != expected:
        raise ShapeError(f"{name}: expected shape {expected} ({why}), got {array.shape}.")


def matrix_shape(name: str, array: Array) -> tuple[int, int]:
    """Rows and columns of a matrix with at least one column."""
    if array.ndim != 2 or array.shape[1] < 1:
        raise ShapeError(f"{name}: expected two dimensions, the second at least 1, got shape {array.shape}.")
    return array.shape[0], array.shape[1]
