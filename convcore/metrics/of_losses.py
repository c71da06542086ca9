"""Losses as metrics: the mean of their values over the samples seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore.checks import flag, unit_interval
from convcore.losses import (
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    hinge,
    kl_divergence,
    log_cosh,
    mean_absolute_percentage_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from convcore.metrics.base import Array, ScoreMetric

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
]


class LossMetric(ScoreMetric):
    """The mean of a loss."""

    _direction: ClassVar[str | None] = "down"
    default_name: ClassVar[str]
    function: ClassVar[Callable[..., Array]]

    def __init__(self, name: str | None = None, dtype: object = None) -> None:
        super().__init__(self.default_name if name is None else name, dtype)

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of the function."""
        return {}

    def score(self, y_true: Array, y_pred: Array) -> Array:
        return type(self).function(y_true, y_pred, **self.arguments())

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self.arguments()


class MeanAbsolutePercentageError(LossMetric):
    """The mean of the absolute differences in per cent of the targets.

    >>> MeanAbsolutePercentageError()([[2.0]], [[1.0]])
    50.0
    """

    default_name = "mean_absolute_percentage_error"
    function = staticmethod(mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(LossMetric):
    """The mean of the squared differences of ``log(y + 1)``.

    >>> round(MeanSquaredLogarithmicError()([[1.0]], [[3.0]]), 4)
    0.4805
    """

    default_name = "mean_squared_logarithmic_error"
    function = staticmethod(mean_squared_logarithmic_error)


class LogCoshError(LossMetric):
    """The mean of the logarithms of the hyperbolic cosine of the differences.

    >>> round(LogCoshError()([[0.0]], [[1.0]]), 4)
    0.4338
    """

    default_name = "logcosh"
    function = staticmethod(log_cosh)


class Hinge(LossMetric):
    """The mean of ``max(1 - y_true * y_pred, 0)``.

    >>> Hinge()([[0.0, 1.0]], [[-2.0, 0.5]])
    0.25
    """

    default_name = "hinge"
    function = staticmethod(hinge)


class SquaredHinge(LossMetric):
    """The mean of ``max(1 - y_true * y_pred, 0)**2``.

    >>> SquaredHinge()([[0.0, 1.0]], [[-2.0, 0.5]])
    0.125
    """

    default_name = "squared_hinge"
    function = staticmethod(squared_hinge)


class CategoricalHinge(LossMetric):
    """The mean of ``max(1 + largest wrong prediction - right prediction, 0)``.

    >>> round(CategoricalHinge()([[0.0, 1.0]], [[0.6, 0.4]]), 4)
    1.2
    """

    default_name = "categorical_hinge"
    function = staticmethod(categorical_hinge)


class KLDivergence(LossMetric):
    """The mean Kullback-Leibler divergence of the targets from the predictions.

    >>> round(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]), 4)
    0.1438
    """

    default_name = "kl_divergence"
    function = staticmethod(kl_divergence)


class Poisson(LossMetric):
    """The mean of ``y_pred - y_true * log(y_pred)``.

    >>> round(Poisson()([[1.0, 0.0]], [[1.0, 3.0]]), 4)
    2.0
    """

    default_name = "poisson"
    function = staticmethod(poisson)


class BinaryCrossentropy(LossMetric):
    """The mean cross-entropy of single probabilities (or logits).

    >>> round(BinaryCrossentropy()([[0.0], [1.0]], [[0.1], [0.8]]), 4)
    0.1643
    """

    default_name = "binary_crossentropy"
    function = staticmethod(binary_crossentropy)

    def __init__(
        self,
        name: str | None = None,
        dtype: object = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(name, dtype)
        self.from_logits = flag("from_logits", from_logits)
        self.label_smoothing = unit_interval("label_smoothing", label_smoothing)

    def arguments(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing}


class CategoricalCrossentropy(LossMetric):
    """The mean cross-entropy for one-hot targets.

    >>> round(CategoricalCrossentropy()([[0, 1]], [[0.5, 0.5]]), 4)
    0.6931
    """

    default_name = "categorical_crossentropy"
    function = staticmethod(categorical_crossentropy)

    def __init__(
        self,
        name: str | None = None,
        dtype: object = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype)
        self.from_logits = flag("from_logits", from_logits)
        self.label_smoothing = unit_interval("label_smoothing", label_smoothing)
        self.axis = axis

    def arguments(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing, "axis": self.axis}


class SparseCategoricalCrossentropy(LossMetric):
    """The mean cross-entropy for class ids; samples of `ignore_class` cost 0, and their sample weights do not count.

    >>> round(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]), 4)
    0.6931
    """

    default_name = "sparse_categorical_crossentropy"
    function = staticmethod(sparse_categorical_crossentropy)

    def __init__(
        self,
        name: str | None = None,
        dtype: object = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype)
        self.from_logits = flag("from_logits", from_logits)
        self.ignore_class = ignore_class
        self.axis = axis

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        if sample_weight is not None and self.ignore_class is not None:
            counted = np.asarray(y_true) != self.ignore_class
            sample_weight = np.where(counted, np.asarray(sample_weight, dtype=np.float64), 0.0)
        super().update_state(y_true, y_pred, sample_weight)

    def arguments(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits, "ignore_class": self.ignore_class, "axis": self.axis}
