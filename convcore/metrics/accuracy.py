"""How often predictions are right, for each kind of target."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from convcore.checks import unit_interval
from convcore.errors import ShapeError
from convcore.metrics.base import Array, ScoreMetric

__all__ = ["Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy"]


class Accuracy(ScoreMetric):
    """How often targets and predictions are equal, element by element.

    >>> Accuracy()([1, 2, 3, 4], [0, 2, 3, 4])
    0.75
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(self, name: str | None = "accuracy", dtype: object = None) -> None:
        super().__init__(name, dtype)

    def score(self, y_true: Array, y_pred: Array) -> Array:
        if y_true.shape != y_pred.shape:
            raise ShapeError(f"{self.name}: y_true of shape {y_true.shape} does not fit y_pred of {y_pred.shape}.")
        return np.equal(y_true, y_pred)


class BinaryAccuracy(ScoreMetric):
    """How often ``y_pred > threshold`` is the target 0 or 1; (n,) counts as (n, 1).

    >>> BinaryAccuracy()([1, 1, 0, 0], [0.98, 1, 0, 0.6])
    0.75
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(self, name: str | None = "binary_accuracy", dtype: object = None, threshold: float = 0.5) -> None:
        super().__init__(name, dtype)
        self.threshold = unit_interval("threshold", threshold)

    def score(self, y_true: Array, y_pred: Array) -> Array:
        targets = y_true[..., np.newaxis] if (*y_true.shape, 1) == y_pred.shape else y_true
        if targets.shape != y_pred.shape:
            raise ShapeError(f"{self.name}: y_true of shape {y_true.shape} does not fit y_pred of {y_pred.shape}.")
        return np.equal(targets, y_pred > self.threshold)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"threshold": self.threshold}


class CategoricalAccuracy(ScoreMetric):
    """How often the largest prediction is where the largest target is; both (n, classes).

    >>> CategoricalAccuracy()([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    0.5
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: object = None) -> None:
        super().__init__(name, dtype)

    def score(self, y_true: Array, y_pred: Array) -> Array:
        if y_true.shape != y_pred.shape:
            raise ShapeError(f"{self.name}: y_true of shape {y_true.shape} does not fit y_pred of {y_pred.shape}.")
        hits: Array = np.equal(y_true.argmax(axis=-1), y_pred.argmax(axis=-1))
        return hits


class SparseCategoricalAccuracy(ScoreMetric):
    """How often the largest prediction is at the class id; `y_true` (n,) or (n, 1), `y_pred` (n, classes).

    >>> SparseCategoricalAccuracy()([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]])
    0.5
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: object = None) -> None:
        super().__init__(name, dtype)

    def score(self, y_true: Array, y_pred: Array) -> Array:
        ids = y_true[..., 0] if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1 else y_true
        if ids.shape != y_pred.shape[:-1]:
            raise ShapeError(f"{self.name}: y_true of shape {y_true.shape} does not fit y_pred of {y_pred.shape}.")
        hits: Array = np.equal(ids, y_pred.argmax(axis=-1))
        return hits
