"""How far predictions are from their targets."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from convcore.errors import ShapeError
from convcore.metrics.base import Array, ScoreMetric

__all__ = ["MeanAbsoluteError", "MeanSquaredError"]


class _Distance(ScoreMetric):
    _direction: ClassVar[str | None] = "down"

    def score(self, y_true: Array, y_pred: Array) -> Array:
        targets = y_true[..., np.newaxis] if (*y_true.shape, 1) == y_pred.shape else y_true
        if targets.shape != y_pred.shape:
            raise ShapeError(f"{self.name}: y_true of shape {y_true.shape} does not fit y_pred of {y_pred.shape}.")
        return self.distance(np.subtract(y_pred, targets, dtype=np.float64))

    def distance(self, difference: Array) -> Array:
        raise NotImplementedError


class MeanSquaredError(_Distance):
    """The mean of the squared differences.

    >>> MeanSquaredError()([[0, 1]], [[0, 3]])
    2.0
    """

    def __init__(self, name: str | None = "mean_squared_error", dtype: object = None) -> None:
        super().__init__(name, dtype)

    def distance(self, difference: Array) -> Array:
        return np.square(difference)


class MeanAbsoluteError(_Distance):
    """The mean of the absolute differences.

    >>> MeanAbsoluteError()([[0, 1]], [[0, 3]])
    1.0
    """

    def __init__(self, name: str | None = "mean_absolute_error", dtype: object = None) -> None:
        super().__init__(name, dtype)

    def distance(self, difference: Array) -> Array:
        return np.abs(difference)
