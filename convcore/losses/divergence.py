"""Losses of distributions and of counts."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from convcore.losses.base import Array, FunctionLoss, array, operands
from convcore.losses.regression import EPSILON

__all__ = ["KLDivergence", "Poisson", "kl_divergence", "poisson"]


def kl_divergence(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Sum over the last axis of ``y_true * log(y_true / y_pred)``, both clipped to [1e-7, 1]: (n, ..., d) gives (n,
    ...).

    >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).round(4).tolist()
    [0.1438]
    """
    truth, guess = (np.clip(array, EPSILON, 1.0) for array in operands(y_true, y_pred))
    return array((truth * np.log(truth / guess)).sum(axis=-1))


def poisson(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Mean over the last axis of ``y_pred - y_true * log(y_pred + 1e-7)``: (n, ..., d) gives (n, ...).

    >>> poisson([[1.0, 0.0]], [[1.0, 3.0]]).round(4).tolist()
    [2.0]
    """
    truth, guess = operands(y_true, y_pred)
    return array((guess - truth * np.log(guess + EPSILON)).mean(axis=-1))


class KLDivergence(FunctionLoss):
    """Kullback-Leibler divergence of the targets from the outputs, both distributions along the last axis.

    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """

    kind: ClassVar[str] = "kl_divergence"
    function = staticmethod(kl_divergence)

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "kl_divergence", dtype: object = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class Poisson(FunctionLoss):
    """Poisson regression: the outputs are expected counts, the targets counts of the same shape.

    >>> round(float(Poisson()([[1.0, 0.0]], [[1.0, 3.0]])), 4)
    2.0
    """

    kind: ClassVar[str] = "poisson"
    function = staticmethod(poisson)

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "poisson", dtype: object = None
    ) -> None:
        super().__init__(name, reduction, dtype)
