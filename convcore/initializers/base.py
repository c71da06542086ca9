"""What every initializer is: an object called with a shape that returns float32 values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore import random
from convcore.checks import shown
from convcore.errors import DTypeError, NotSupportedError, ParameterError

__all__ = ["Initializer", "RandomInitializer"]

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]


def _real_dtype(dtype: Any) -> np.dtype[Any]:
    try:
        known: np.dtype[Any] = np.dtype(dtype)
    except TypeError:
        known = np.dtype(object)
    if known.kind not in "fiub":
        raise DTypeError(f"dtype: expected one of real numbers, got {shown(dtype)}.")
    return known


class Initializer:
    """The base of all initializers: an object called with a shape that returns an array, of float32 or of `dtype`."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        values = self._values(tuple(shape))
        return values if dtype is None else values.astype(_real_dtype(dtype))

    def _values(self, shape: tuple[int, ...]) -> FloatArray:
        raise NotSupportedError(f"{type(self).__name__} does not define __call__(shape, dtype=None).")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON types."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class RandomInitializer(Initializer):
    """The base of the initializers that draw random numbers."""

    def __init__(self, seed: int | None = None) -> None:
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0):
            raise ParameterError(f"`seed` must be None or an integer >= 0. Received: seed={seed!r}.")
        self.seed = None if seed is None else int(seed)
        self._drawn_seed = self.seed

    def _generator(self) -> np.random.Generator:
        if self._drawn_seed is None:
            self._drawn_seed = random.next_seed()
        return random.generator(self._drawn_seed)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}
