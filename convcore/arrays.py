"""Arrays from outside, made fit for kernels: one conversion, checked, and never a silent loss of precision."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.errors import DTypeError, LabelError, ShapeError
from convcore.memory import require_memory

__all__ = ["FLOAT32", "as_array", "as_indices", "as_reals", "in_given_dtype", "in_same_dtype", "is_plain", "plain"]

Array = npt.NDArray[Any]

FLOAT32 = np.dtype(np.float32)
MOST_INDEX = np.iinfo(np.int64).max

# What `as_array` gives back at once.
_KEPT = frozenset(np.dtype(name) for name in ("float32", "float64", "uint8"))
# What float32 holds exactly, so that the cast loses nothing.
_EXACT_IN_FLOAT32 = frozenset(np.dtype(name) for name in ("float16", "int8", "uint8", "int16", "uint16"))


# What ops are mostly given: their dtypes, and how those are called.
_FLOATS: dict[Any, str] = {np.dtype(name): name for name in ("float32", "float64")}


def _float_of_all(values: Iterable[Any]) -> str | None:
    """The dtype of `values` if all are plain arrays of one kind of floats as kernels read them, else None."""
    found = None
    for value in values:
        if type(value) is not np.ndarray or (found is not None and value.dtype is not found):
            return None
        found, flags = value.dtype, value.flags
        if not (flags.c_contiguous and flags.aligned):
            return None
    return _FLOATS.get(found)


def as_array(name: str, value: Any) -> Array:
    """`value` as a plain array; ragged lists and masked arrays are refused."""
    if type(value) is np.ndarray and value.dtype in _KEPT:
        return value
    if isinstance(value, np.ma.MaskedArray):
        raise DTypeError(
            f"{name}: masked arrays are not supported, their mask would be lost. Pass {name}.filled(value)."
        )
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # the last one is PyTorch's, of tensors with a gradient
        raise ShapeError(f"{name}: cannot be made an array: {error}") from None
    if array.dtype.name == "bfloat16":  # ml_dtypes registers it with NumPy
        array = array.astype(np.float32)
    if array.dtype.kind not in "biuf":
        raise DTypeError(f"{name}: expected real numbers, got dtype {array.dtype.name}.")
    return array


def is_plain(value: Any, kind: np.dtype[Any]) -> bool:
    """Whether `value` is an array of dtype `kind` as kernels read them: C-contiguous and aligned."""
    return type(value) is np.ndarray and value.dtype == kind and (flags := value.flags).c_contiguous and flags.aligned


def plain(name: str, array: Array, dtype: npt.DTypeLike) -> Array:
    """`array` in `dtype`, C-contiguous and aligned: itself, or a copy, refused before it is made if it is too large.

    A view may have far more elements than memory behind it (`numpy.broadcast_to`); its copy has them all.
    """
    kind = np.dtype(dtype)
    if is_plain(array, kind):
        return array
    require_memory(array.size * kind.itemsize, f"{name}: a plain {kind.name} copy of shape {array.shape}")
    return np.require(array, dtype=kind, requirements=("C", "A"))


def as_reals(**operands: Any) -> tuple[str, list[Array]]:
    """The operands of one op in one dtype, C-contiguous, aligned and of native byte order.

    float32 and float64 are kept; small integers, float16 and bfloat16 become float32 exactly (or float64 beside a
    float64); lists take the dtype of the arrays beside them. Mixtures and other dtypes are refused. Returns (dtype,
    arrays).
    """
    plainly = _float_of_all(operands.values())
    if plainly is not None:
        return plainly, list(operands.values())
    arrays = {name: as_array(name, value) for name, value in operands.items()}
    floats: dict[str, str] = {}
    for name, array in arrays.items():
        kind = array.dtype.newbyteorder("=")
        if kind in (np.dtype("float32"), np.dtype("float64")):
            value = operands[name]
            widened = getattr(getattr(value, "dtype", None), "name", "") == "bfloat16"
            # numpy.float64 is a float of Python's, but one that says its dtype.
            untyped = isinstance(value, (list, tuple, int, float)) and not isinstance(value, np.generic)
            if not widened and not untyped:
                floats[name] = kind.name
        elif kind not in _EXACT_IN_FLOAT32 and not isinstance(operands[name], (list, tuple, int)):
            raise DTypeError(
                f"{name}: dtype {array.dtype.name} would be degraded or guessed; float32, float64, float16 and "
                f"integers of up to 16 bits are taken. Convert it: {name}.astype(np.float32)."
            )
    if len(set(floats.values())) > 1:
        listed = ", ".join(f"{name} is {dtype}" for name, dtype in floats.items())
        raise DTypeError(f"operands of one dtype are needed: {listed}. Convert one with .astype.")
    dtype = next(iter(floats.values()), "float32")
    return dtype, [plain(name, array, dtype) for name, array in arrays.items()]


def _given_dtype(operand: Any) -> np.dtype[Any] | None:
    """NumPy's dtype of an operand that has one: an array, or a variable or tensor, whose own may be a word."""
    kind = getattr(operand, "dtype", None)
    return kind if kind is None or isinstance(kind, np.dtype) else np.asarray(operand).dtype


def in_given_dtype(result: Array, *operands: Any) -> Array:
    """`result` of an op on `operands`, rounded to float16 or bfloat16 if all their floats are of that dtype.

    That is the promotion of JAX, and so of Keras on it: integers beside floats have no say, two kinds of floats give
    the wider one, and integers alone are computed and returned in float32.
    """
    if all(getattr(operand, "dtype", None) is result.dtype for operand in operands):
        return result
    kinds = {kind for kind in map(_given_dtype, operands) if kind is not None}
    floats = {kind.newbyteorder("=") for kind in kinds if kind.kind == "f" or kind.name == "bfloat16"}
    if len(floats) != 1 or result.dtype != np.float32:
        return result
    (wanted,) = floats
    if wanted.itemsize >= result.itemsize:
        return result
    with np.errstate(over="ignore"):  # what is beyond the range is infinite
        return result.astype(wanted)


def in_same_dtype(result: Array, operand: Any) -> Array:
    """`result` of an op that only picks elements of `operand`, in its dtype: integers stay integers."""
    kind = _given_dtype(operand)
    if kind is not None and kind.kind in "iu":
        return result.astype(kind.newbyteorder("="))
    return in_given_dtype(result, operand)


def as_indices(name: str, value: Any) -> npt.NDArray[np.int64]:
    """`value` as an array of int64; floats are refused, and what int64 does not hold."""
    array = as_array(name, value)
    if array.dtype.kind not in "iu":
        raise DTypeError(f"{name}: expected integers, got dtype {array.dtype.name}.")
    if array.dtype.itemsize == 8 and array.dtype.kind == "u" and array.size and array.max() > MOST_INDEX:
        raise LabelError(f"{name}: expected integers up to 2**63 - 1, got {array.max()}.")
    return plain(name, array, np.int64)
