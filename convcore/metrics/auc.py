"""The area under the curve of a classifier: true against false positives, or precision against recall."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore.checks import flag, shown, unit_interval
from convcore.errors import ParameterError, ShapeError
from convcore.losses.regression import EPSILON
from convcore.metrics.base import Array, Metric
from convcore.metrics.confusion import confusion, flattened, ratio
from convcore.shapes import integer

__all__ = ["AUC"]

_CURVES = ("ROC", "PR")
_SUMMATIONS = ("interpolation", "majoring", "minoring")


class AUC(Metric):
    """The area under the ROC or the PR curve of labels 0 and 1, from `num_thresholds` points of it.

    The thresholds are evenly spaced between 0 and 1, or those given; two more lie just outside. With `multi_label` the
    areas of the columns are averaged, by `label_weights` if given. Interpolation under the PR curve is that of Davis
    and Goadrich, The Relationship Between Precision-Recall and ROC Curves, 2006.

    >>> AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    0.75
    """

    _direction: ClassVar[str | None] = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: object = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(dtype, name)
        if not isinstance(curve, str) or curve.upper() not in _CURVES:
            raise ParameterError(f"Invalid AUC curve value: {shown(curve)}. Expected values are {list(_CURVES)}")
        if not isinstance(summation_method, str) or summation_method.lower() not in _SUMMATIONS:
            raise ParameterError(
                f"Invalid AUC summation method value: {shown(summation_method)}. Expected values are "
                f"{list(_SUMMATIONS)}"
            )
        self.curve = curve.upper()
        self.summation_method = summation_method.lower()
        if thresholds is None:
            self.num_thresholds = integer("num_thresholds", num_thresholds, 2)
            steps = self.num_thresholds - 1
            inner = [(i + 1) / steps for i in range(steps - 1)]
        else:
            inner = sorted(unit_interval("thresholds", value) for value in thresholds)
            self.num_thresholds = len(inner) + 2
        self._given = None if thresholds is None else inner
        self.thresholds = [0.0 - EPSILON, *inner, 1.0 + EPSILON]
        self.multi_label = flag("multi_label", multi_label)
        if num_labels is not None and not self.multi_label:
            raise ParameterError("`num_labels` is needed only when `multi_label` is True.")
        self.num_labels = None if num_labels is None else integer("num_labels", num_labels, 1)
        self.label_weights = None if label_weights is None else np.asarray(label_weights, dtype=np.float64)
        self.from_logits = flag("from_logits", from_logits)
        self.reset_state()

    def reset_state(self) -> None:
        self.counts: Array | None = None

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        guess = np.asarray(y_pred, dtype=np.float64)
        if self.multi_label and (guess.ndim != 2 or self.num_labels not in (None, guess.shape[-1])):
            raise ShapeError(
                "`y_pred` must have rank 2 when `multi_label=True`, and `num_labels` columns. "
                f"Full shape received for `y_pred`: {guess.shape}"
            )
        if self.from_logits:
            guess = 0.5 * (1.0 + np.tanh(0.5 * guess))
        labels, columns, weights = flattened(
            self.name, y_true, np.clip(guess, 0.0, 1.0), sample_weight, by_label=self.multi_label
        )
        if self.label_weights is not None and not self.multi_label:
            weights = (weights.reshape(guess.shape) * self.label_weights).reshape(-1, 1)
        counts = confusion(labels, columns, weights, np.asarray(self.thresholds, dtype=np.float32))
        self.counts = counts if self.counts is None else self.counts + counts

    def result(self) -> float:
        if self.counts is None:
            return 0.0
        true_positives, false_positives, true_negatives, false_negatives = self.counts
        recall = ratio(true_positives, true_positives + false_negatives)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._averaged(self._interpolated())
        if self.curve == "ROC":
            x, y = ratio(false_positives, false_positives + true_negatives), recall
        else:
            x, y = recall, ratio(true_positives, true_positives + false_positives)
        before, after = y[:-1], y[1:]
        if self.summation_method == "interpolation":
            heights = (before + after) / 2.0
        else:
            heights = np.minimum(before, after) if self.summation_method == "minoring" else np.maximum(before, after)
        return self._averaged(((x[:-1] - x[1:]) * heights).sum(axis=0))

    def _interpolated(self) -> Array:
        """The area under the PR curve, between whose points the numbers of positives are linear, for each label."""
        if self.counts is None:
            return np.zeros(1)
        true, false, _, missed = self.counts
        positive = true + false
        rise = true[:-1] - true[1:]
        slope = ratio(rise, np.maximum(positive[:-1] - positive[1:], 0))
        intercept = true[1:] - slope * positive[1:]
        both = (positive[:-1] > 0) & (positive[1:] > 0)
        growth = np.where(both, ratio(positive[:-1], np.maximum(positive[1:], 0)), 1.0)
        parts = ratio(slope * (rise + intercept * np.log(growth)), np.maximum(true[1:] + missed[1:], 0))
        return np.asarray(parts.sum(axis=0))

    def _averaged(self, areas: Array) -> float:
        if not self.multi_label or self.label_weights is None:
            return float(areas.mean())
        return float((areas * self.label_weights).sum() / self.label_weights.sum())

    def get_config(self) -> dict[str, Any]:
        weights = None if self.label_weights is None else self.label_weights.tolist()
        return super().get_config() | {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "thresholds": self._given,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": weights,
            "from_logits": self.from_logits,
        }
