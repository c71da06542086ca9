"""Values whose variance follows from the numbers of inputs and outputs of a layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore.checks import real
from convcore.errors import ParameterError
from convcore.initializers.base import RandomInitializer
from convcore.initializers.sampling import standard_normal, truncated_normal, uniform

__all__ = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "VarianceScaling",
    "compute_fans",
]

FloatArray = npt.NDArray[np.float32]
# The standard deviation of a standard normal variable cut off at two standard deviations.
_TRUNCATED_STDDEV = 0.87962566103423978


class VarianceScaling(RandomInitializer):
    """Values whose variance is ``scale / max(1, fan)``.

    `mode` is the fan: "fan_in", "fan_out" or "fan_avg"; `distribution` is "truncated_normal", "untruncated_normal"
    or "uniform". Of a kernel (kh, kw, channels_in, channels_out), fan_in is ``kh * kw * channels_in``.
    """

    _MODES: ClassVar = ("fan_in", "fan_out", "fan_avg")
    _DISTRIBUTIONS: ClassVar = ("truncated_normal", "untruncated_normal", "uniform")

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        if isinstance(scale, int | float) and scale <= 0.0:
            raise ParameterError(f"Argument `scale` must be positive float. Received: scale={scale}")
        self.scale = real("scale", scale, open_minimum=True)
        self.mode = _word("mode", mode, self._MODES)
        self.distribution = (
            "truncated_normal"
            if isinstance(distribution, str) and distribution.lower() == "normal"
            else _word("distribution", distribution, self._DISTRIBUTIONS)
        )

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> FloatArray:
        fan_in, fan_out = compute_fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, fan)
        generator = self._generator()
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return uniform(generator, shape, -limit, limit)
        if self.distribution == "truncated_normal":
            return truncated_normal(generator, shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV)
        normal = standard_normal(generator, math.prod(shape))
        return (math.sqrt(variance) * normal).astype(np.float32).reshape(tuple(shape))

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed}


class _Named(VarianceScaling):
    """A variance scaling whose only argument is the seed."""

    _arguments: ClassVar[tuple[float, str, str]]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self._arguments, seed=seed)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


class GlorotUniform(_Named):
    """Uniform within ``sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio, 2010)."""

    _arguments = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Named):
    """Truncated normal of variance ``2 / (fan_in + fan_out)`` (Glorot and Bengio, 2010)."""

    _arguments = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Named):
    """Uniform within ``sqrt(6 / fan_in)`` (He et al., 2015)."""

    _arguments = (2.0, "fan_in", "uniform")


class HeNormal(_Named):
    """Truncated normal of variance ``2 / fan_in`` (He et al., 2015)."""

    _arguments = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Named):
    """Uniform within ``sqrt(3 / fan_in)`` (LeCun et al., 1998)."""

    _arguments = (1.0, "fan_in", "uniform")


class LecunNormal(_Named):
    """Truncated normal of variance ``1 / fan_in`` (LeCun et al., 1998)."""

    _arguments = (1.0, "fan_in", "truncated_normal")


def compute_fans(shape: Sequence[int]) -> tuple[int, int]:
    """The numbers of inputs and outputs that one weight of an array of `shape` connects.

    >>> compute_fans((3, 3, 32, 64))
    (288, 576)
    """
    dims = tuple(shape)
    if not dims:
        return 1, 1
    if len(dims) == 1:
        return dims[0], dims[0]
    receptive = math.prod(dims[:-2])
    return receptive * dims[-2], receptive * dims[-1]


def _word(name: str, value: Any, allowed: Sequence[str]) -> str:
    if not isinstance(value, str) or value.lower() not in allowed:
        raise ParameterError(f"Invalid `{name}` argument: {value}. Please use one of {', '.join(allowed)}.")
    return value.lower()
