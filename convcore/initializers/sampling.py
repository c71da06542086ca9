"""Random numbers from PCG64's uniform stream only, so that they are the same with every version of NumPy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["standard_normal", "truncated_normal", "uniform"]

FloatArray = npt.NDArray[np.float32]


def uniform(generator: np.random.Generator, shape: Sequence[int], low: float, high: float) -> FloatArray:
    """Uniform values in ``[low, high)``."""
    values = generator.random(math.prod(shape)) * (high - low) + low
    return values.astype(np.float32).reshape(tuple(shape))


def standard_normal(generator: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
    """`count` standard normal values, by the Box-Muller transform."""
    half = (count + 1) // 2
    radius = np.sqrt(-2.0 * np.log1p(-generator.random(half)))
    angle = 2.0 * np.pi * generator.random(half)
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]


def truncated_normal(generator: np.random.Generator, shape: Sequence[int], mean: float, stddev: float) -> FloatArray:
    """Normal values; those beyond two standard deviations are drawn anew."""
    values = standard_normal(generator, math.prod(shape))
    outside = np.flatnonzero(np.abs(values) > 2.0)
    while outside.size:
        values[outside] = standard_normal(generator, outside.size)
        outside = outside[np.abs(values[outside]) > 2.0]
    return (mean + stddev * values).astype(np.float32).reshape(tuple(shape))
