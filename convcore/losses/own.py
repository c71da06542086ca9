"""Functions as losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convcore.losses.base import Loss

__all__ = ["OwnLoss"]


class OwnLoss(Loss):
    """``function(y_true, y_pred)``: the loss of each sample, or one number for the batch, in operators and functions of
    NumPy, ``keras.ops`` or tensorflow, whose gradients are known.

    >>> import numpy as np
    >>> loss = OwnLoss(lambda y_true, y_pred: np.mean(np.square(y_true - y_pred), axis=-1))
    >>> float(loss([[1.0]], [[3.0]])), loss.gradient(np.array([[1.0]]), np.array([[3.0]])).tolist()
    (4.0, [[4.0]])
    """

    def __init__(self, function: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(name=name or getattr(function, "__name__", "function").replace("<lambda>", "lambda"))
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """What the function gives."""
        return self.function(y_true, y_pred)
