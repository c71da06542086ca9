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

_CURVES = ("ROC", "PR", "PRGAIN")
_SUMMATIONS = ("interpolation", "majoring", "minoring")


class AUC(Metric):
    """The area under the ROC, the PR or the PRGAIN curve of labels 0 and 1, from `num_thresholds` points of it.

    The thresholds are evenly spaced between 0 and 1, or those given; two more lie just outside. With `multi_label` the
    areas of the columns are averaged, by `label_weights` if given. Interpolation under the PR curve is that of Davis
    and Goadrich, The Relationship Between Precision-Recall and ROC Curves, 2006; gains are those of Flach and Kull,
    Precision-Recall-Gain Curves: PR Analysis Done Right, 2015.

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
            raise ParameterError(f'Invalid AUC curve value: "{curve}". Expected values are {list(_CURVES)}')
        if not isinstance(summation_method, str) or summation_method.lower() not in _SUMMATIONS:
            raise ParameterError(
                f'Invalid AUC summation method value: "{summation_method}". Expected values are {list(_SUMMATIONS)}'
            )
        self.curve = curve.upper()
        self.summation_method = summation_method.lower()
        if thresholds is None:
            if isinstance(num_thresholds, int) and num_thresholds <= 1:
                raise ParameterError(
                    "Argument `num_thresholds` must be an integer > 1. "
                    f"Received: num_thresholds={shown(num_thresholds)}"
                )
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
        self.counts: Array | None = None
        if not self.multi_label or self.num_labels is not None:
            self.counts = np.zeros((4, self.num_thresholds, self.num_labels or 1))

    def reset_state(self) -> None:
        if self.counts is not None:
            self.counts = np.zeros_like(self.counts)

    @property
    def _totals(self) -> Array:
        """The counts, (4, thresholds, labels), of TP, FP, TN and FN; there may be no batch yet."""
        return np.zeros((4, self.num_thresholds, 1)) if self.counts is None else self.counts

    @property
    def variables(self) -> list[Any]:
        """TP, FP, TN and FN at each threshold, and for each label of `multi_label`; empty before the first batch."""
        return [] if self.counts is None else [self._shown(counts) for counts in self.counts]

    @property
    def true_positives(self) -> Array:
        return self._shown(self._totals[0])

    @property
    def false_positives(self) -> Array:
        return self._shown(self._totals[1])

    @property
    def true_negatives(self) -> Array:
        return self._shown(self._totals[2])

    @property
    def false_negatives(self) -> Array:
        return self._shown(self._totals[3])

    def _shown(self, counts: Array) -> Array:
        return counts if self.multi_label else counts[:, 0]

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
        true_positives, false_positives, true_negatives, false_negatives = self._totals
        recall = ratio(true_positives, true_positives + false_negatives)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._averaged(self._interpolated())
        if self.curve == "ROC":
            x, y = ratio(false_positives, false_positives + true_negatives), recall
        elif self.curve == "PR":
            x, y = recall, ratio(true_positives, true_positives + false_positives)
        else:
            x, y = self._gains()
        before, after = y[:-1], y[1:]
        if self.summation_method == "interpolation":
            heights = (before + after) / 2.0
        else:
            heights = np.minimum(before, after) if self.summation_method == "minoring" else np.maximum(before, after)
        return self._averaged(((x[:-1] - x[1:]) * heights).sum(axis=0))

    def _gains(self) -> tuple[Array, Array]:
        """Recall gain and precision gain at each threshold; without true positives they are 0 and 1."""
        true, false, negative, missed = self._totals
        odds = ratio(true + missed, false + negative)
        recall = np.where(true == 0, 0.0, 1.0 - odds * ratio(missed, true))
        precision = np.where(true == 0, 1.0, 1.0 - odds * ratio(false, true))
        return np.maximum(recall, 0.0), precision

    def _interpolated(self) -> Array:
        """The area under the PR curve, between whose points the numbers of positives are linear, for each label."""
        true, false, _, missed = self._totals
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
