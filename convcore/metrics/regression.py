"""How far predictions are from their targets."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from convcore.errors import ShapeError
from convcore.losses.regression import EPSILON
from convcore.metrics.base import Array, ScoreMetric
from convcore.shapes import integer

__all__ = ["CosineSimilarity", "MeanAbsoluteError", "MeanSquaredError", "RootMeanSquaredError"]


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


class RootMeanSquaredError(_Distance):
    """The root of the mean of the squared differences.

    >>> RootMeanSquaredError()([[0, 1]], [[0, 3]]).__round__(4)
    1.4142
    """

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: object = None) -> None:
        super().__init__(name, dtype)

    def distance(self, difference: Array) -> Array:
        return np.square(difference)

    def result(self) -> float:
        return math.sqrt(super().result())


class MeanAbsoluteError(_Distance):
    """The mean of the absolute differences.

    >>> MeanAbsoluteError()([[0, 1]], [[0, 3]])
    1.0
    """

    def __init__(self, name: str | None = "mean_absolute_error", dtype: object = None) -> None:
        super().__init__(name, dtype)

    def distance(self, difference: Array) -> Array:
        return np.abs(difference)


class CosineSimilarity(ScoreMetric):
    """The cosine of the angle between targets and predictions along `axis`: 1 for the same direction.

    >>> round(CosineSimilarity()([[0.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]]), 4)
    0.5
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(self, name: str | None = "cosine_similarity", dtype: object = None, axis: int = -1) -> None:
        super().__init__(name, dtype)
        self.axis = integer("axis", axis, -8, 7)

    def score(self, y_true: Array, y_pred: Array) -> Array:
        if y_true.shape != y_pred.shape:
            raise ShapeError(f"{self.name}: y_true of shape {y_true.shape} does not fit y_pred of {y_pred.shape}.")
        truth, guess = np.asarray(y_true, np.float64), np.asarray(y_pred, np.float64)
        lengths = [np.maximum(np.linalg.norm(array, axis=self.axis), EPSILON) for array in (truth, guess)]
        return np.asarray((truth * guess).sum(axis=self.axis) / (lengths[0] * lengths[1]))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}
