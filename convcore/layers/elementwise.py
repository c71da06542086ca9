"""Functions of each element by itself for which the engine has no kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore.checks import find
from convcore.layers.base import Layer

__all__ = ["Elementwise"]

Array = npt.NDArray[np.float32]
# The function, and the gradient of a loss with respect to x, from that with respect to y, from x and from y.
_Pair = tuple[Callable[[Array], Array], Callable[[Array, Array, Array], Array]]


class Elementwise(Layer):
    """``cos``, ``log``, ``rsqrt``, ``sin`` or ``sqrt`` of each element, computed by NumPy.

    >>> Elementwise("sqrt")([[4.0, 9.0]]).tolist()
    [[2.0, 3.0]]
    """

    _built_at_init = True
    _functions: ClassVar[dict[str, _Pair]] = {
        "cos": (np.cos, lambda dy, x, y: -dy * np.sin(x)),
        "log": (np.log, lambda dy, x, y: dy / x),
        "rsqrt": (lambda x: np.reciprocal(np.sqrt(x)), lambda dy, x, y: -0.5 * dy * y / x),
        "sin": (np.sin, lambda dy, x, y: dy * np.cos(x)),
        "sqrt": (np.sqrt, lambda dy, x, y: 0.5 * dy / y),
    }

    def __init__(self, function: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._function, self._gradient = find("layers", "function of each element", function, self._functions)
        self.function = function

    def forward(self, x: Array, training: bool = False) -> Array:
        with np.errstate(all="ignore"):
            y = self._function(x).astype(np.float32, copy=False)
        if training:
            self._kept = x, y
        return y

    def backward(self, dy: Array) -> Array:
        with np.errstate(all="ignore"):
            return self._gradient(dy, *self._kept).astype(np.float32, copy=False)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "function": self.function}
