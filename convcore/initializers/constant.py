"""The same value everywhere."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.checks import real, shown
from convcore.errors import ParameterError, ShapeError
from convcore.initializers.base import Initializer

__all__ = ["Constant", "Ones", "Zeros"]

FloatArray = npt.NDArray[np.float32]


class Zeros(Initializer):
    """All zeros."""

    def _values(self, shape: tuple[int, ...]) -> FloatArray:
        return np.zeros(shape, dtype=np.float32)


class Ones(Initializer):
    """All ones."""

    def _values(self, shape: tuple[int, ...]) -> FloatArray:
        return np.ones(shape, dtype=np.float32)


class Constant(Initializer):
    """All `value`, or the array `value`, which NumPy's rules make one of the shape; a fixed filter, for example.

    >>> Constant(3.0)((2,))
    array([3., 3.], dtype=float32)
    >>> Constant([[1.0], [2.0]])((2, 3))
    array([[1., 1., 1.],
           [2., 2., 2.]], dtype=float32)
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value if np.ndim(value) else real("value", value, -math.inf)
        if np.ndim(value):
            array = np.array(value)
            if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
                raise ParameterError(f"`value` must be made of finite numbers. Received: value={shown(value)}")
            self.value = array.astype(np.float32)

    def _values(self, shape: tuple[int, ...]) -> FloatArray:
        try:
            return np.full(shape, self.value, dtype=np.float32)
        except ValueError:
            raise ShapeError(
                f"The value of this Constant has the shape {np.shape(self.value)}, which does not fit {shape}."
            ) from None

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value.tolist() if isinstance(self.value, np.ndarray) else self.value}
