"""The same value everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.checks import real
from convcore.initializers.base import Initializer

__all__ = ["Constant", "Ones", "Zeros"]

FloatArray = npt.NDArray[np.float32]


class Zeros(Initializer):
    """All zeros."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> FloatArray:
        return np.zeros(tuple(shape), dtype=np.float32)


class Ones(Initializer):
    """All ones."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> FloatArray:
        return np.ones(tuple(shape), dtype=np.float32)


class Constant(Initializer):
    """All `value`.

    >>> Constant(3.0)((2,))
    array([3., 3.], dtype=float32)
    """

    def __init__(self, value: float = 0.0) -> None:
        self.value = real("value", value, -math.inf)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> FloatArray:
        return np.full(tuple(shape), self.value, dtype=np.float32)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}
