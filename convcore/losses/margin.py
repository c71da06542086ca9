"""Losses of margins: predictions of any size whose sign, or whose largest one, tells the class."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from convcore.losses.base import Array, FunctionLoss, array, operands

__all__ = ["CategoricalHinge", "Hinge", "SquaredHinge", "categorical_hinge", "hinge", "squared_hinge"]


def signs(y_true: Array) -> Array:
    """Labels that are all 0 or 1 as -1 and 1; others stay."""
    if y_true.dtype.kind != "b" and not ((y_true == 0) | (y_true == 1)).all():
        return y_true
    return np.asarray(2.0 * y_true - 1.0, dtype=y_true.dtype if y_true.dtype.kind == "f" else np.float64)


def hinge(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Mean over the last axis of ``max(1 - y_true * y_pred, 0)``; labels are -1 and 1, or 0 and 1.

    >>> hinge([[0, 1]], [[-2.0, 0.5]]).tolist()
    [0.25]
    """
    truth, guess = operands(y_true, y_pred)
    return array(np.maximum(1.0 - signs(truth) * guess, 0.0).mean(axis=-1))


def squared_hinge(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Mean over the last axis of ``max(1 - y_true * y_pred, 0)**2``; labels are -1 and 1, or 0 and 1.

    >>> squared_hinge([[0, 1]], [[-2.0, 0.5]]).tolist()
    [0.125]
    """
    truth, guess = operands(y_true, y_pred)
    return array(np.square(np.maximum(1.0 - signs(truth) * guess, 0.0)).mean(axis=-1))


def categorical_hinge(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """``max(1 + max((1 - y_true) * y_pred) - sum(y_true * y_pred), 0)`` over the last axis; labels are 0 and 1.

    >>> categorical_hinge([[0, 1]], [[0.6, 0.4]]).round(4).tolist()
    [1.2]
    """
    truth, guess = operands(y_true, y_pred)
    right, wrong = (truth * guess).sum(axis=-1), ((1.0 - truth) * guess).max(axis=-1)
    return array(np.maximum(wrong - right + 1.0, 0.0))


class _SignedLoss(FunctionLoss):
    def kernel_targets(self, targets: Array) -> Array:
        return signs(targets)


class Hinge(_SignedLoss):
    """Mean of ``max(1 - y_true * y_pred, 0)``; labels are -1 and 1, or 0 and 1, in the shape of the output.

    >>> float(Hinge()([[0.0, 1.0]], [[-2.0, 0.5]]))
    0.25
    """

    kind: ClassVar[str] = "hinge"
    function = staticmethod(hinge)

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "hinge", dtype: object = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class SquaredHinge(_SignedLoss):
    """Mean of ``max(1 - y_true * y_pred, 0)**2``; labels are -1 and 1, or 0 and 1, in the shape of the output.

    >>> float(SquaredHinge()([[0.0, 1.0]], [[-2.0, 0.5]]))
    0.125
    """

    kind: ClassVar[str] = "squared_hinge"
    function = staticmethod(squared_hinge)

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "squared_hinge", dtype: object = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class CategoricalHinge(FunctionLoss):
    """``max(1 + largest wrong prediction - right prediction, 0)``; one-hot targets (n, classes).

    >>> round(float(CategoricalHinge()([[0.0, 1.0]], [[0.6, 0.4]])), 4)
    1.2
    """

    kind: ClassVar[str] = "categorical_hinge"
    function = staticmethod(categorical_hinge)

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "categorical_hinge", dtype: object = None
    ) -> None:
        super().__init__(name, reduction, dtype)
