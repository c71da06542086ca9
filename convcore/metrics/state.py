"""What a metric of one's own remembers: numbers that are assigned to, and calculated with like arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from convcore.errors import ShapeError

__all__ = ["State"]


class State(NDArrayOperatorsMixin):
    """A variable of a metric, what `Metric.add_weight` makes: numbers of `shape`, kept in float64 so that counts stay
    exact.

    >>> seen = State((), 0.0, name="seen")
    >>> seen.assign_add(3)
    >>> float(seen / 2)
    1.5
    """

    def __init__(self, shape: Sequence[int], value: npt.ArrayLike, name: str, *, is_whole: bool = False) -> None:
        self.name = name
        self._is_whole = is_whole
        self.value: npt.NDArray[np.float64] = np.empty(tuple(shape), dtype=np.float64)
        self.value[...] = value

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def assign(self, value: npt.ArrayLike) -> None:
        """Copy `value`, of this variable's shape, into it."""
        array = np.asarray(value, dtype=np.float64)
        if array.shape != self.shape:
            raise ShapeError(
                f"{self.name}: cannot assign an array of shape {array.shape} to a variable of shape {self.shape}."
            )
        self.value[...] = np.trunc(array) if self._is_whole else array

    def assign_add(self, value: npt.ArrayLike) -> None:
        """Add `value`."""
        self.assign(self.value + np.asarray(value))

    def assign_sub(self, value: npt.ArrayLike) -> None:
        """Subtract `value`."""
        self.assign(self.value - np.asarray(value))

    def numpy(self) -> npt.NDArray[np.float64]:
        """A copy of the value."""
        return self.value.copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.value, dtype=dtype, copy=True if copy is None else copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return getattr(ufunc, method)(*(each.value if isinstance(each, State) else each for each in inputs), **kwargs)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __repr__(self) -> str:
        return f"<State name={self.name!r} value={self.value}>"
