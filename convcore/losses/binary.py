"""Cross-entropy of single probabilities, plain and focal."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore.checks import flag, real, shown, unit_interval
from convcore.errors import NotSupportedError
from convcore.losses.base import Array, FunctionLoss, array, operands
from convcore.losses.regression import EPSILON
from convcore.shapes import integer

__all__ = ["BinaryCrossentropy", "BinaryFocalCrossentropy", "binary_crossentropy", "binary_focal_crossentropy"]

# Keras clips in float32, where this number is 1 - 1.19e-7.
_HIGHEST = float(np.float32(1.0 - EPSILON))


def binary_crossentropy(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Mean over `axis` of ``-(t * log(p) + (1 - t) * log(1 - p))``, p clipped to [1e-7, 1 - 1e-7] in float32.

    With `label_smoothing` s the targets become ``t * (1 - s) + s / 2``.

    >>> binary_crossentropy([[0, 1]], [[0.5, 0.5]]).round(4).tolist()
    [0.6931]
    """
    truth, guess = operands(y_true, y_pred)
    truth = truth * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        values = np.maximum(guess, 0.0) - guess * truth + np.log1p(np.exp(-np.abs(guess)))
    else:
        values = _entropy(truth, guess)
    return array(values.mean(axis=axis))


def binary_focal_crossentropy(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Binary cross-entropy times ``(1 - p_t)**gamma``, p_t being the probability given to the right answer.

    With `apply_class_balancing` times `alpha` for targets of 1 and ``1 - alpha`` for those of 0. Source: Lin et al.,
    Focal Loss for Dense Object Detection, 2017.

    >>> binary_focal_crossentropy([[0, 1]], [[0.5, 0.5]]).round(4).tolist()
    [0.1733]
    """
    truth, guess = operands(y_true, y_pred)
    truth = truth * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        guess = 0.5 * (1.0 + np.tanh(0.5 * guess))
    right = truth * guess + (1.0 - truth) * (1.0 - guess)
    values = np.power(1.0 - right, gamma) * _entropy(truth, guess)
    if apply_class_balancing:
        values *= truth * alpha + (1.0 - truth) * (1.0 - alpha)
    return array(values.mean(axis=axis))


def _entropy(truth: Array, guess: Array) -> Array:
    clipped = np.clip(guess, EPSILON, _HIGHEST)
    result: Array = -(truth * np.log(clipped) + (1.0 - truth) * np.log(1.0 - clipped))
    return result


class BinaryCrossentropy(FunctionLoss):
    """Cross-entropy between targets from 0 to 1 and probabilities (or logits) of the same shape.

    >>> round(float(BinaryCrossentropy()([[0.0], [1.0]], [[0.1], [0.8]])), 4)
    0.1643
    """

    kind: ClassVar[str] = "binary_crossentropy"
    function = staticmethod(binary_crossentropy)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: object = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits = flag("from_logits", from_logits)
        self.label_smoothing = unit_interval("label_smoothing", label_smoothing)
        self.axis = integer("axis", axis, -8, 7)

    def arguments(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits, "label_smoothing": self.label_smoothing, "axis": self.axis}

    def _options(self) -> dict[str, Any]:
        _require_last_axis(self.name, self.axis)
        return {"from_logits": self.from_logits, "parameters": (self.label_smoothing,)}


class BinaryFocalCrossentropy(FunctionLoss):
    """Binary cross-entropy that counts what is right already less: times ``(1 - p_t)**gamma``.

    >>> round(float(BinaryFocalCrossentropy(gamma=2.0)([[0.0], [1.0]], [[0.1], [0.8]])), 4)
    0.005
    """

    kind: ClassVar[str] = "binary_focal_crossentropy"
    function = staticmethod(binary_focal_crossentropy)

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: object = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.apply_class_balancing = flag("apply_class_balancing", apply_class_balancing)
        self.alpha = real("alpha", alpha)
        self.gamma = real("gamma", gamma)
        self.from_logits = flag("from_logits", from_logits)
        self.label_smoothing = unit_interval("label_smoothing", label_smoothing)
        self.axis = integer("axis", axis, -8, 7)

    def arguments(self) -> dict[str, Any]:
        names = ("apply_class_balancing", "alpha", "gamma", "from_logits", "label_smoothing", "axis")
        return {name: getattr(self, name) for name in names}

    def _options(self) -> dict[str, Any]:
        _require_last_axis(self.name, self.axis)
        balancing, logits = float(self.apply_class_balancing), float(self.from_logits)
        return {"parameters": (self.label_smoothing, self.alpha, self.gamma, balancing, logits)}


def _require_last_axis(name: str, axis: int) -> None:
    if axis != -1:
        raise NotSupportedError(f"convcore does not train with `axis`={shown(axis)} of {name} (supported: -1).")
