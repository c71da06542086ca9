"""True and false positives and negatives at thresholds, and what is made of them."""

from __future__ import annotations

import numbers
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore.checks import shown
from convcore.errors import ParameterError, ShapeError
from convcore.metrics.base import Array, Metric
from convcore.shapes import integer
from convcore.variables import Variable

__all__ = ["FalseNegatives", "FalsePositives", "Precision", "Recall", "TrueNegatives", "TruePositives", "ratio"]

#: The threshold of what is not among the k largest predictions.
NEVER = -1e10


def ratio(part: Array, whole: Array) -> Array:
    """`part` over `whole`, 0 where that is 0."""
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole != 0)


def confusion(labels: Array, predictions: Array, weights: Array, thresholds: Array) -> Array:
    """Weighted true positives, false positives, true negatives and false negatives, (4, thresholds, columns).

    `labels` (bool), `predictions` and `weights` are (n, columns); a prediction is positive above the threshold.
    """
    order = np.sort(thresholds)
    counts = np.empty((4, len(thresholds), labels.shape[1]))
    for column in range(labels.shape[1]):
        # How many thresholds, from the smallest, each prediction is above; NaN is above none.
        above = np.searchsorted(order, predictions[:, column], side="left")
        above = np.where(np.isnan(predictions[:, column]), 0, above)
        for row, chosen in ((0, labels[:, column]), (1, ~labels[:, column])):
            sums = np.bincount(above[chosen], weights[chosen, column], minlength=len(order) + 1)
            positive = np.cumsum(sums[::-1])[::-1]
            places = np.searchsorted(order, thresholds, side="left")
            counts[row, :, column] = positive[1:][places]
            counts[3 - row, :, column] = positive[0] - positive[1:][places]
    return counts


class Confusion(Metric):
    """The base of metrics that count at `thresholds`: `counts` is (4, thresholds), of TP, FP, TN and FN."""

    def __init__(
        self, thresholds: Any, top_k: int | None, class_id: int | None, name: str | None, dtype: object
    ) -> None:
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.top_k = None if top_k is None else integer("top_k", top_k, 1)
        self.class_id = None if class_id is None else integer("class_id", class_id, 0)
        default = 0.5 if top_k is None else NEVER
        given = [default] if thresholds is None else _several(thresholds)
        outside = [value for value in given if not _in_unit_interval(value)]
        if outside and thresholds is not None:
            raise ParameterError(f"Threshold values must be in [0, 1]. Received: {shown(outside)}")
        self.thresholds = [float(value) for value in given]
        self.reset_state()

    def reset_state(self) -> None:
        self.counts = np.zeros((4, len(self.thresholds)))

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        labels, guess, weights = flattened(self.name, y_true, y_pred, sample_weight, self.top_k, self.class_id)
        thresholds = np.asarray(self.thresholds, dtype=np.float32)
        self.counts += confusion(labels, guess, weights, thresholds)[..., 0]

    @property
    def true_positives(self) -> Array:
        return np.asarray(self.counts[0])

    @property
    def false_positives(self) -> Array:
        return np.asarray(self.counts[1])

    @property
    def true_negatives(self) -> Array:
        return np.asarray(self.counts[2])

    @property
    def false_negatives(self) -> Array:
        return np.asarray(self.counts[3])

    def _shown(self, values: Array) -> Any:
        return float(values[0]) if len(self.thresholds) == 1 else values

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"thresholds": self.init_thresholds}


def flattened(
    name: str,
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    sample_weight: npt.ArrayLike | None,
    top_k: int | None = None,
    class_id: int | None = None,
    by_label: bool = False,
) -> tuple[Array, Array, Array]:
    """Labels, predictions and weights as columns: one of all elements or, `by_label`, one for each label."""
    labels, guess = np.asarray(y_true), np.asarray(y_pred, dtype=np.float32)
    if (*labels.shape, 1) == guess.shape:
        labels = labels[..., np.newaxis]
    elif (*guess.shape, 1) == labels.shape:
        guess = guess[..., np.newaxis]
    if labels.shape != guess.shape:
        raise ShapeError(f"{name}: y_true of shape {labels.shape} does not fit y_pred of {guess.shape}.")
    weights = np.ones(labels.shape)
    if sample_weight is not None:
        given = np.asarray(sample_weight, dtype=np.float64)
        if given.ndim > guess.ndim:
            given = given.reshape(given.shape[: guess.ndim])
        if any(size not in {1, full} for size, full in zip(given.shape, guess.shape, strict=False)):
            raise ShapeError(f"sample_weight of shape {given.shape} does not fit y_pred of shape {guess.shape}.")
        weights = weights * given.reshape(given.shape + (1,) * (guess.ndim - given.ndim))
    if top_k is not None:
        best = np.argsort(-guess, axis=-1, kind="stable")[..., :top_k]
        kept = np.zeros(guess.shape, bool)
        np.put_along_axis(kept, best, True, axis=-1)
        guess = np.where(kept, guess, np.float32(NEVER))
    if class_id is not None:
        if guess.ndim < 2 or class_id >= guess.shape[-1]:
            raise ShapeError(
                f"{name}: When class_id is provided, y_pred must be a 2D array with shape (num_samples, num_classes), "
                f"found shape: {guess.shape}, and class_id={class_id}"
            )
        chosen = (..., slice(class_id, class_id + 1))
        labels, guess, weights = labels[chosen], guess[chosen], weights[chosen]
    width = guess.shape[-1] if by_label else 1
    return (
        labels.reshape(-1, width).astype(bool),
        guess.reshape(-1, width),
        weights.reshape(-1, width),
    )


def _in_unit_interval(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and 0.0 <= float(value) <= 1.0


def _several(thresholds: Any) -> list[Any]:
    if isinstance(thresholds, list | tuple | np.ndarray):
        if len(thresholds):
            return list(thresholds)
        raise ParameterError(f"`thresholds` must not be empty. Received: thresholds={shown(thresholds)}")
    return [thresholds]


class _Count(Confusion):
    row: ClassVar[int]

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: object = None) -> None:
        super().__init__(thresholds, None, None, name, dtype)

    @property
    def variables(self) -> list[Any]:
        """The count at each threshold."""
        return [Variable(self.counts[self.row], name="accumulator")]

    def result(self) -> Any:
        return self._shown(self.counts[self.row])


class TruePositives(_Count):
    """How many (or of what weight) are predicted 1 and are 1: predictions above `thresholds` (0.5) count as 1.

    >>> TruePositives()([0, 1, 1, 1], [1, 0, 1, 1])
    2.0
    """

    row = 0


class FalsePositives(_Count):
    """How many (or of what weight) are predicted 1 and are 0.

    >>> FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1])
    2.0
    """

    row = 1


class TrueNegatives(_Count):
    """How many (or of what weight) are predicted 0 and are 0.

    >>> TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0])
    2.0
    """

    row = 2


class FalseNegatives(_Count):
    """How many (or of what weight) are predicted 0 and are 1.

    >>> FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0])
    2.0
    """

    row = 3


class _Share(Confusion):
    _direction: ClassVar[str | None] = "up"
    missed: ClassVar[int]

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: object = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)

    @property
    def variables(self) -> list[Any]:
        """The two counts at each threshold."""
        missed = "false_positives" if self.missed == 1 else "false_negatives"
        return [Variable(self.counts[0], name="true_positives"), Variable(self.counts[self.missed], name=missed)]

    def result(self) -> Any:
        return self._shown(ratio(self.counts[0], self.counts[0] + self.counts[self.missed]))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"top_k": self.top_k, "class_id": self.class_id}


class Precision(_Share):
    """The share of what is predicted 1 that is 1; with `top_k` of the k largest predictions, with `class_id` of a
    class.

    >>> round(Precision()([0, 1, 1, 1], [1, 0, 1, 1]), 4)
    0.6667
    """

    missed = 1


class Recall(_Share):
    """The share of what is 1 that is predicted 1; with `top_k` among the k largest predictions, with `class_id` of a
    class.

    >>> round(Recall()([0, 1, 1, 1], [1, 0, 1, 1]), 4)
    0.6667
    """

    missed = 3
