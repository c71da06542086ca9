"""Parameters of a model: named views of flat buffers.

All trainable parameters of a model lie in one contiguous float32 buffer and their gradients in a second of
the same layout. An optimizer step is then one kernel call over one range, and a checkpoint one block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.errors import NotSupportedError, ShapeError
from convcore.memory import aligned_zeros

__all__ = ["FlatParameters", "Variable", "changeable", "mark_change", "revision"]

FloatArray = npt.NDArray[np.float32]

_revision = 0


def revision() -> int:
    """A number that goes up whenever any variable is made, moves to another buffer or is frozen, or a model loses a
    layer: what was found out about the variables of a model holds as long as it stays the same."""
    return _revision


def mark_change() -> None:
    """Let `revision` go up."""
    global _revision
    _revision += 1


# False where a call() of one's own is looked at: what it assigned would be assigned once, and not with each batch.
_changeable: ContextVar[bool] = ContextVar("convcore_changeable", default=True)


@contextmanager
def changeable(value: bool) -> Iterator[None]:
    """Within it, variables can be assigned to, or if `value` is False they refuse that."""
    token = _changeable.set(value)
    try:
        yield
    finally:
        _changeable.reset(token)


class Variable:
    """A named float32 parameter of a layer.

    `value` and `grad` are NumPy arrays; once the model is built both are views of the model's flat buffers,
    so write into them (``variable.value[...] = a``, or `assign`) and never rebind them.
    """

    def __init__(
        self,
        value: npt.ArrayLike,
        *,
        name: str = "variable",
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
    ) -> None:
        self.name = name
        self.trainable = trainable
        #: What the value adds to the loss, and what brings it back after each step; None for nothing.
        self.regularizer = regularizer
        self.constraint = constraint
        self.value: FloatArray = np.array(value, dtype=np.float32, order="C")
        self.grad: FloatArray = np.zeros_like(self.value)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in ("value", "trainable"):
            mark_change()

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def dtype(self) -> str:
        return "float32"

    @property
    def size(self) -> int:
        return self.value.size

    def assign(self, value: npt.ArrayLike) -> None:
        """Copy `value`, of this variable's shape, into it."""
        self._require_changeable("assign")
        array = np.asarray(value, dtype=np.float32)
        if array.shape != self.shape:
            raise ShapeError(
                f"{self.name}: cannot assign an array of shape {array.shape} to a variable of shape {self.shape}."
            )
        self.value[...] = array

    def assign_add(self, value: npt.ArrayLike) -> None:
        """Add `value`, which is repeated where it is smaller, to it."""
        self._require_changeable("assign_add")
        self.value[...] += self._filling(value)

    def assign_sub(self, value: npt.ArrayLike) -> None:
        """Subtract `value`, which is repeated where it is smaller, from it."""
        self._require_changeable("assign_sub")
        self.value[...] -= self._filling(value)

    def _require_changeable(self, method: str) -> None:
        if not _changeable.get():
            raise NotSupportedError(
                f"convcore does not implement {method}() of a variable, here '{self.name}', in a call() (supported: "
                "layers of one's own with forward(self, x, training) and backward(self, dy) in NumPy, which may)"
            )

    def _filling(self, value: npt.ArrayLike) -> FloatArray:
        array = np.asarray(value, dtype=np.float32)
        try:
            return np.broadcast_to(array, self.shape)
        except ValueError:
            raise ShapeError(
                f"{self.name}: an array of shape {array.shape} does not fill a variable of shape {self.shape}."
            ) from None

    def numpy(self) -> FloatArray:
        """A copy of the value."""
        return self.value.copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.value, dtype=dtype, copy=True if copy is None else copy)

    def __repr__(self) -> str:
        return f"<Variable name={self.name!r} shape={self.shape} trainable={self.trainable}>"


class FlatParameters:
    """One buffer for the values of `variables` and one for their gradients, in the order given.

    Making it moves the variables: their `value` and `grad` become views of `values` and `gradients`.
    """

    def __init__(self, variables: Sequence[Variable]) -> None:
        self.variables = tuple(variables)
        sizes = [variable.size for variable in self.variables]
        self.offsets = tuple(int(offset) for offset in np.cumsum([0, *sizes]))
        self.values: FloatArray = aligned_zeros(self.offsets[-1], np.float32)
        self.gradients: FloatArray = aligned_zeros(self.offsets[-1], np.float32)
        for variable, start, stop in zip(self.variables, self.offsets, self.offsets[1:], strict=False):
            value = self.values[start:stop].reshape(variable.shape)
            value[...] = variable.value
            variable.value = value
            variable.grad = self.gradients[start:stop].reshape(variable.shape)

    def trainable_ranges(self) -> list[tuple[int, int]]:
        """The maximal ranges ``[start, stop)`` of the flat buffers that an optimizer may change."""
        ranges: list[tuple[int, int]] = []
        for variable, start, stop in zip(self.variables, self.offsets, self.offsets[1:], strict=False):
            if not variable.trainable or start == stop:
                continue
            if ranges and ranges[-1][1] == start:
                ranges[-1] = (ranges[-1][0], stop)
            else:
                ranges.append((start, stop))
        return ranges
