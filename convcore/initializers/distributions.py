"""Uniform and normal values with given parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.checks import real
from convcore.initializers.base import RandomInitializer
from convcore.initializers.sampling import standard_normal, truncated_normal, uniform

__all__ = ["RandomNormal", "RandomUniform", "TruncatedNormal"]

FloatArray = npt.NDArray[np.float32]


class RandomUniform(RandomInitializer):
    """Uniform in ``[minval, maxval)``."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval = real("minval", minval, -math.inf)
        self.maxval = real("maxval", maxval, -math.inf)

    def _values(self, shape: tuple[int, ...]) -> FloatArray:
        return uniform(self._generator(), shape, self.minval, self.maxval)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class RandomNormal(RandomInitializer):
    """Normal with `mean` and `stddev`."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = real("mean", mean, -math.inf)
        self.stddev = real("stddev", stddev)

    def _values(self, shape: tuple[int, ...]) -> FloatArray:
        normal = standard_normal(self._generator(), math.prod(shape))
        return (self.mean + self.stddev * normal).astype(np.float32).reshape(shape)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class TruncatedNormal(RandomNormal):
    """Normal with `mean` and `stddev`; values beyond two standard deviations are drawn anew."""

    def _values(self, shape: tuple[int, ...]) -> FloatArray:
        return truncated_normal(self._generator(), shape, self.mean, self.stddev)
