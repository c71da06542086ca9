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
from convcore.shapes import integer

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
    or "uniform". Of a kernel (kh, kw, channels_in, channels_out), fan_in is ``kh * kw * channels_in``; `input_axes` and
    `output_axes`, both given, say of which axes the fans are the products instead.
    """

    _MODES: ClassVar = ("fan_in", "fan_out", "fan_avg")
    _DISTRIBUTIONS: ClassVar = ("truncated_normal", "untruncated_normal", "uniform")

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        self.input_axes = _axes("input_axes", input_axes)
        self.output_axes = _axes("output_axes", output_axes)
        if isinstance(scale, int | float) and scale <= 0.0:
            raise ParameterError(f"Argument `scale` must be positive float. Received: scale={scale}")
        self.scale = real("scale", scale, open_minimum=True)
        self.mode = _word("mode", mode, self._MODES)
        self.distribution = (
            "truncated_normal"
            if isinstance(distribution, str) and distribution.lower() == "normal"
            else _word("distribution", distribution, self._DISTRIBUTIONS)
        )

    def _values(self, shape: tuple[int, ...]) -> FloatArray:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, fan)
        generator = self._generator()
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return uniform(generator, shape, -limit, limit)
        if self.distribution == "truncated_normal":
            return truncated_normal(generator, shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV)
        normal = standard_normal(generator, math.prod(shape))
        return (math.sqrt(variance) * normal).astype(np.float32).reshape(shape)

    def get_config(self) -> dict[str, Any]:
        scaling = {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed}
        return scaling | self._axes_given()

    def _axes_given(self) -> dict[str, Any]:
        axes = {"input_axes": self.input_axes, "output_axes": self.output_axes}
        return {name: value for name, value in axes.items() if value is not None}


class _Named(VarianceScaling):
    """A variance scaling whose arguments are the seed and the axes."""

    _arguments: ClassVar[tuple[float, str, str]]

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self._arguments, seed=seed, input_axes=input_axes, output_axes=output_axes)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, **self._axes_given()}


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


def compute_fans(
    shape: Sequence[int], input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """The numbers of inputs and outputs that one weight of an array of `shape` connects: the products of `input_axes`
    and of `output_axes`, if both are given.

    >>> compute_fans((3, 3, 32, 64))
    (288, 576)
    >>> compute_fans((3, 3, 32, 64), (0, 2), (3,))
    (96, 64)
    """
    dims = shape
    if input_axes is not None and output_axes is not None:
        wrong = [axis for axis in (*input_axes, *output_axes) if not -len(dims) <= axis < len(dims)]
        if wrong:
            raise ParameterError(
                f"`input_axes` and `output_axes` must be axes of the shape {dims}. Received: {wrong[0]}"
            )
        return math.prod(dims[axis] for axis in input_axes), math.prod(dims[axis] for axis in output_axes)
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


def _axes(name: str, value: Any) -> list[int] | None:
    if value is not None and not isinstance(value, list | tuple):
        raise ParameterError(f"`{name}` must be a list of axes. Received: {name}={value!r:.200}")
    return None if value is None else [integer(name, axis, -8, 7) for axis in value]
