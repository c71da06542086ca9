"""How often the right class is among the k largest predictions."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from convcore.errors import ShapeError
from convcore.metrics.base import Array, ScoreMetric
from convcore.shapes import integer

__all__ = ["SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy"]


def _hits(ids: Array, y_pred: Array, k: int) -> Array:
    """Whether fewer than `k` predictions are larger than that of the id: of equal ones all are among the first."""
    inside = (ids >= 0) & (ids < y_pred.shape[-1])
    places = np.where(inside, ids, 0).astype(np.int64)
    right = np.take_along_axis(y_pred, places[..., np.newaxis], axis=-1)
    return np.asarray(((y_pred > right).sum(axis=-1) < k) & inside & np.isfinite(right[..., 0]))


class TopKCategoricalAccuracy(ScoreMetric):
    """How often the largest target is among the `k` largest predictions; both (n, classes).

    >>> TopKCategoricalAccuracy(k=1)([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    0.5
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: object = None) -> None:
        super().__init__(name, dtype)
        self.k = integer("k", k, 1)

    def score(self, y_true: Array, y_pred: Array) -> Array:
        if y_true.shape != y_pred.shape:
            raise ShapeError(f"{self.name}: y_true of shape {y_true.shape} does not fit y_pred of {y_pred.shape}.")
        return _hits(y_true.argmax(axis=-1), y_pred, self.k)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"k": self.k}


class SparseTopKCategoricalAccuracy(ScoreMetric):
    """How often the class id is among those of the `k` largest predictions; (n,) or (n, 1), and (n, classes).

    With `from_sorted_ids` the predictions are ids already, the best first.

    >>> SparseTopKCategoricalAccuracy(k=1)([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    0.5
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: object = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(name, dtype)
        self.k = integer("k", k, 1)
        self.from_sorted_ids = bool(from_sorted_ids)

    def score(self, y_true: Array, y_pred: Array) -> Array:
        ids = y_true[..., 0] if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1 else y_true
        if ids.shape != y_pred.shape[:-1]:
            raise ShapeError(f"{self.name}: y_true of shape {y_true.shape} does not fit y_pred of {y_pred.shape}.")
        if self.from_sorted_ids:
            return np.asarray((y_pred[..., : self.k] == ids[..., np.newaxis]).any(axis=-1))
        return _hits(ids, y_pred, self.k)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"k": self.k, "from_sorted_ids": self.from_sorted_ids}
