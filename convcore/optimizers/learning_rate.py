"""The learning rate as scripts read and set it: a number that knows its optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from convcore.errors import StateError

if TYPE_CHECKING:
    from convcore.optimizers.base import Optimizer

__all__ = ["LearningRate", "ScheduledError"]


class ScheduledError(StateError, TypeError):
    """The learning rate follows a schedule and cannot be set; a TypeError as in Keras."""


class LearningRate(float):
    """The rate at the moment it was read, a float, with the two methods of Keras's variable that scripts use.

    >>> from convcore.optimizers import SGD
    >>> optimizer = SGD(0.5)
    >>> optimizer.learning_rate.numpy()
    array(0.5, dtype=float32)
    >>> optimizer.learning_rate.assign(0.25)
    >>> optimizer.learning_rate
    0.25
    """

    __slots__ = ("_optimizer",)
    _optimizer: Optimizer

    def __new__(cls, value: float, optimizer: Optimizer) -> Self:
        rate = super().__new__(cls, value)
        rate._optimizer = optimizer
        return rate

    @property
    def value(self) -> np.float32:
        """The rate in float32, as Keras's variable holds it."""
        return np.float32(self)

    def numpy(self) -> np.ndarray[tuple[()], np.dtype[np.float32]]:
        """The rate as a float32 array without axes."""
        return np.array(self, dtype=np.float32)

    def assign(self, value: float) -> None:
        """Set the rate of the optimizer; the number that this is stays what it was. StateError with a schedule."""
        self._optimizer.learning_rate = value

    def __reduce__(self) -> Any:
        return float, (float(self),)  # a copy is a number and belongs to no optimizer
