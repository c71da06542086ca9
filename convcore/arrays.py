"""Arrays from outside, made fit for kernels: one conversion, checked, and never a silent loss of precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.errors import DTypeError, ShapeError

__all__ = ["as_indices", "as_reals"]

Array = npt.NDArray[Any]

# What float32 holds exactly, so that the cast loses nothing.
_EXACT_IN_FLOAT32 = frozenset(np.dtype(name) for name in ("float16", "int8", "uint8", "int16", "uint16"))


def as_array(name: str, value: Any) -> Array:
    """`value` as a plain array; ragged lists and masked arrays are refused."""
    if isinstance(value, np.ma.MaskedArray):
        raise DTypeError(
            f"{name}: masked arrays are not supported, their mask would be lost. Pass {name}.filled(value)."
        )
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise ShapeError(f"{name}: cannot be made an array: {error}") from None
    if array.dtype.kind not in "biuf":
        raise DTypeError(f"{name}: expected real numbers, got dtype {array.dtype.name}.")
    return array


def as_reals(**operands: Any) -> tuple[str, list[Array]]:
    """The operands of one op in one dtype, C-contiguous, aligned and of native byte order.

    float32 and float64 are kept; small integers and float16 become float32 exactly (or float64 beside a float64);
    lists take the dtype of the arrays beside them. Mixtures and other dtypes are refused. Returns (dtype, arrays).
    """
    arrays = {name: as_array(name, value) for name, value in operands.items()}
    floats: dict[str, str] = {}
    for name, array in arrays.items():
        kind = array.dtype.newbyteorder("=")
        if kind in (np.dtype("float32"), np.dtype("float64")):
            if not isinstance(operands[name], (list, tuple, int, float)):
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
    return dtype, [np.require(array, dtype=dtype, requirements=("C", "A")) for array in arrays.values()]


def as_indices(name: str, value: Any) -> npt.NDArray[np.int64]:
    """`value` as an array of integers; floats are refused."""
    array = as_array(name, value)
    if array.dtype.kind not in "iu":
        raise DTypeError(f"{name}: expected integers, got dtype {array.dtype.name}.")
    return np.require(array, dtype=np.int64, requirements=("C", "A"))
