"""The harmonic mean of precision and recall."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore.checks import shown
from convcore.errors import ParameterError, ShapeError
from convcore.losses.regression import EPSILON
from convcore.metrics.base import Array, Metric

__all__ = ["F1Score", "FBetaScore"]

_AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """``(1 + beta**2) * precision * recall / (beta**2 * precision + recall)`` of labels and predictions (n, classes).

    `average` None gives one value a class, "macro" their mean, "weighted" that by the classes' weights, "micro" one of
    all elements. Without a `threshold` the largest prediction of a row is the positive one.

    >>> FBetaScore(average="macro", beta=2.0, threshold=0.5)([[1, 1], [1, 0]], [[0.2, 0.7], [0.9, 0.1]]).__round__(4)
    0.7778
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: object = None,
    ) -> None:
        super().__init__(dtype, name)
        if not (average is None or isinstance(average, str)) or average not in _AVERAGES:
            raise ParameterError(
                f"Invalid `average` argument value. Expected one of: {{None, 'micro', 'macro', 'weighted'}}. "
                f"Received: average={average if isinstance(average, str) else shown(average)}"
            )
        self.average = average
        if not isinstance(beta, float):
            raise ParameterError(
                "Invalid `beta` argument value. It should be a Python float. "
                f"Received: beta={beta if isinstance(beta, str) else shown(beta)} of type '{type(beta)}'"
            )
        if not 0.0 < beta < math.inf:
            raise ParameterError(f"Invalid `beta` argument value. It should be > 0. Received: beta={beta}")
        if threshold is not None and not isinstance(threshold, float):
            raise ParameterError(
                "Invalid `threshold` argument value. It should be a Python float. "
                f"Received: threshold={threshold if isinstance(threshold, str) else shown(threshold)} "
                f"of type '{type(threshold)}'"
            )
        if threshold is not None and not 0.0 < threshold <= 1.0:
            raise ParameterError(
                "Invalid `threshold` argument value. It should verify 0 < threshold <= 1. "
                f"Received: threshold={threshold}"
            )
        self.beta = beta
        self.threshold = threshold
        self.reset_state()

    def reset_state(self) -> None:
        self.counts: Array | None = None

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        truth, guess = np.asarray(y_true, dtype=np.float64), np.asarray(y_pred, dtype=np.float64)
        if truth.shape != guess.shape or guess.ndim != 2:
            raise ShapeError(
                f"{type(self).__name__} expects 2D inputs with shape (batch_size, output_dim). Received input shapes: "
                f"y_pred.shape={guess.shape} and y_true.shape={truth.shape}."
            )
        if self.threshold is None:
            chosen = (guess >= guess.max(axis=-1, keepdims=True)) & (np.abs(guess) > 1e-9)
        else:
            chosen = guess > self.threshold
        weights = 1.0 if sample_weight is None else np.asarray(sample_weight, np.float64).reshape(-1, 1)
        terms = (chosen * truth, chosen * (1 - truth), (1 - chosen) * truth, truth)
        counts = np.array([(term * weights).sum(axis=None if self.average == "micro" else 0) for term in terms])
        self.counts = counts if self.counts is None else self.counts + counts

    def result(self) -> Any:
        if self.counts is None:
            return 0.0
        right, wrong, missed, weights = self.counts
        precision, recall = right / (right + wrong + EPSILON), right / (right + missed + EPSILON)
        score = precision * recall / (self.beta**2 * precision + recall + EPSILON) * (1 + self.beta**2)
        if self.average is None:
            return score
        if self.average == "weighted":
            return float((score * (weights / (weights.sum() + EPSILON))).sum())
        return float(np.mean(score))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"average": self.average, "beta": self.beta, "threshold": self.threshold}


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall of labels and predictions (n, classes): see `FBetaScore`.

    >>> F1Score(average="micro", threshold=0.5)([[1, 1], [1, 0]], [[0.2, 0.7], [0.9, 0.1]]).__round__(4)
    0.8
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: object = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in super().get_config().items() if name != "beta"}
