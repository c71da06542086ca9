"""Losses of values: how far predictions are from their targets."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore.checks import real, shown
from convcore.errors import NotSupportedError
from convcore.losses.base import Array, FunctionLoss, array, operands
from convcore.shapes import integer

__all__ = [
    "CosineSimilarity",
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "cosine_similarity",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
]

#: Keras's fuzz: what values are kept away from where they must not be 0.
EPSILON = 1e-7


def _mean(values: Array) -> Array:
    """The mean over the last axis."""
    return array(values.mean(axis=-1))


def mean_squared_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Mean over the last axis of the squared difference: (n, ..., d) gives (n, ...).

    >>> mean_squared_error([[0.0, 2.0]], [[0.0, 0.0]]).tolist()
    [2.0]
    """
    truth, guess = operands(y_true, y_pred)
    return _mean(np.square(guess - truth))


def mean_absolute_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Mean over the last axis of the absolute difference: (n, ..., d) gives (n, ...).

    >>> mean_absolute_error([[0.0, 3.0]], [[1.0, 0.0]]).tolist()
    [2.0]
    """
    truth, guess = operands(y_true, y_pred)
    return _mean(np.abs(guess - truth))


def mean_absolute_percentage_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Mean over the last axis of ``100 * |y_pred - y_true| / max(|y_true|, 1e-7)``: (n, ..., d) gives (n, ...).

    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 5.0]]).tolist()
    [37.5]
    """
    truth, guess = operands(y_true, y_pred)
    return 100.0 * _mean(np.abs((truth - guess) / np.maximum(np.abs(truth), EPSILON)))


def mean_squared_logarithmic_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Mean over the last axis of the squared difference of ``log(max(y, 1e-7) + 1)``: (n, ..., d) gives (n, ...).

    >>> mean_squared_logarithmic_error([[1.0]], [[3.0]]).round(4).tolist()
    [0.4805]
    """
    truth, guess = operands(y_true, y_pred)
    return _mean(np.square(np.log(np.maximum(guess, EPSILON) + 1.0) - np.log(np.maximum(truth, EPSILON) + 1.0)))


def huber(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, delta: float = 1.0) -> Array:
    """Mean over the last axis of ``d**2 / 2`` where the difference is at most `delta`, else ``delta * (|d| - delta /
    2)``.

    Source: Huber, Robust Estimation of a Location Parameter, 1964. (n, ..., d) gives (n, ...).

    >>> huber([[0.0, 0.0]], [[0.5, 3.0]]).tolist()
    [1.3125]
    """
    truth, guess = operands(y_true, y_pred)
    size = np.abs(guess - truth)
    return _mean(np.where(size <= delta, 0.5 * np.square(size), delta * size - 0.5 * delta**2))


def log_cosh(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Mean over the last axis of ``log(cosh(y_pred - y_true))``: (n, ..., d) gives (n, ...).

    >>> log_cosh([[0.0]], [[1.0]]).round(4).tolist()
    [0.4338]
    """
    truth, guess = operands(y_true, y_pred)
    size = np.abs(guess - truth)
    return _mean(size + np.log1p(np.exp(-2.0 * size)) - np.log(2.0))


def cosine_similarity(y_true: npt.ArrayLike, y_pred: npt.ArrayLike, axis: int = -1) -> Array:
    """Minus the cosine of the angle between `y_true` and `y_pred` along `axis`: -1 for the same direction.

    >>> cosine_similarity([[3.0, 4.0]], [[6.0, 8.0]]).round(6).tolist()
    [-1.0]
    """
    truth, guess = (_unit(array, axis) for array in operands(y_true, y_pred))
    result: Array = -(truth * guess).sum(axis=axis)
    return result


def _unit(array: Array, axis: int) -> Array:
    result: Array = array / np.maximum(np.sqrt(np.square(array).sum(axis=axis, keepdims=True)), EPSILON)
    return result


class MeanSquaredError(FunctionLoss):
    """Mean of the squared differences over all elements; targets have the shape of the output.

    >>> float(MeanSquaredError()([[1.0, 2.0]], [[0.0, 0.0]]))
    2.5
    """

    kind: ClassVar[str] = "mean_squared_error"
    function = staticmethod(mean_squared_error)

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_squared_error", dtype: object = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class MeanAbsoluteError(FunctionLoss):
    """Mean of the absolute differences; targets have the shape of the output.

    >>> float(MeanAbsoluteError()([[1.0, 2.0]], [[0.0, 0.0]]))
    1.5
    """

    kind: ClassVar[str] = "mean_absolute_error"
    function = staticmethod(mean_absolute_error)

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_absolute_error", dtype: object = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class MeanAbsolutePercentageError(FunctionLoss):
    """Mean of the absolute differences, each in per cent of its target; targets have the shape of the output.

    >>> float(MeanAbsolutePercentageError()([[2.0]], [[1.0]]))
    50.0
    """

    kind: ClassVar[str] = "mean_absolute_percentage_error"
    function = staticmethod(mean_absolute_percentage_error)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: object = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class MeanSquaredLogarithmicError(FunctionLoss):
    """Mean of the squared differences of ``log(y + 1)``; targets have the shape of the output.

    >>> round(float(MeanSquaredLogarithmicError()([[1.0]], [[3.0]])), 4)
    0.4805
    """

    kind: ClassVar[str] = "mean_squared_logarithmic_error"
    function = staticmethod(mean_squared_logarithmic_error)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: object = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


class Huber(FunctionLoss):
    """Squared for differences of at most `delta`, linear beyond; targets have the shape of the output.

    >>> float(Huber(delta=2.0)([[0.0]], [[3.0]]))
    4.0
    """

    kind: ClassVar[str] = "huber"
    function = staticmethod(huber)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: object = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.delta = real("delta", delta)

    def arguments(self) -> dict[str, Any]:
        return {"delta": self.delta}

    def _options(self) -> dict[str, Any]:
        return {"parameters": (self.delta,)}


class LogCosh(FunctionLoss):
    """Mean of the logarithms of the hyperbolic cosine of the differences; targets have the shape of the output.

    >>> round(float(LogCosh()([[0.0]], [[1.0]])), 4)
    0.4338
    """

    kind: ClassVar[str] = "log_cosh"
    function = staticmethod(log_cosh)

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "log_cosh", dtype: object = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class CosineSimilarity(FunctionLoss):
    """Minus the cosine of the angle between targets and outputs along the last axis; -1 for the same direction.

    By hand `axis` may be any; training needs the last.

    >>> round(float(CosineSimilarity()([[1.0, 0.0]], [[1.0, 1.0]])), 4)
    -0.7071
    """

    kind: ClassVar[str] = "cosine_similarity"
    function = staticmethod(cosine_similarity)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: object = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = integer("axis", axis, -8, 7)

    def arguments(self) -> dict[str, Any]:
        return {"axis": self.axis}

    def _options(self) -> dict[str, Any]:
        if self.axis != -1:
            raise NotSupportedError(
                f"convcore does not train with `axis`={shown(self.axis)} of {self.name} (supported: -1)."
            )
        return {}
