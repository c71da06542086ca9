"""Constraints on norms and signs. Formulas, with their 1e-7 beside the norm, are Keras's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.checks import real, unit_interval
from convcore.constraints.base import Constraint
from convcore.plans.constraints import NonNegative, Norm
from convcore.shapes import integer

__all__ = ["MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"]

_EPSILON = 1e-7
_MOST_AXES = 64
Axis = int | Sequence[int]


class _OfNorms(Constraint):
    """A factor for each norm over the axes `axis`."""

    axis: Axis

    def _axes(self) -> tuple[int, ...]:
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        return tuple(axes)

    def _wanted(self, norms: npt.NDArray[Any]) -> npt.NDArray[Any]:
        raise NotImplementedError

    def __call__(self, w: npt.ArrayLike) -> npt.NDArray[Any]:
        values = np.asarray(w)
        norms = np.sqrt((values.astype(np.float64) ** 2).sum(axis=self._axes(), keepdims=True))
        scaled: npt.NDArray[Any] = (values * (self._wanted(norms) / (_EPSILON + norms))).astype(values.dtype)
        return scaled


class MaxNorm(_OfNorms):
    """No norm over `axis` above `max_value`.

    >>> MaxNorm(1.0)([[3.0], [4.0]]).round(3)
    array([[0.6],
           [0.8]])
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value = real("max_value", max_value)
        self.axis = _axis(axis)

    @property
    def plan(self) -> Norm:
        return Norm(self._axes(), high=self.max_value)

    def _wanted(self, norms: npt.NDArray[Any]) -> npt.NDArray[Any]:
        inside: npt.NDArray[Any] = np.clip(norms, 0, self.max_value)
        return inside

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class UnitNorm(_OfNorms):
    """Every norm over `axis` is 1.

    >>> UnitNorm()([[3.0], [4.0]]).round(3)
    array([[0.6],
           [0.8]])
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = _axis(axis)

    @property
    def plan(self) -> Norm:
        return Norm(self._axes(), unit=True)

    def _wanted(self, norms: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.ones_like(norms)

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


class MinMaxNorm(_OfNorms):
    """Norms over `axis` go a share `rate` of the way to between `min_value` and `max_value`.

    >>> MinMaxNorm(0.0, 1.0)([[3.0], [4.0]]).round(3)
    array([[0.6],
           [0.8]])
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axis = 0) -> None:
        self.min_value = real("min_value", min_value)
        self.max_value = real("max_value", max_value, self.min_value)
        self.rate = unit_interval("rate", rate)
        self.axis = _axis(axis)

    @property
    def plan(self) -> Norm:
        return Norm(self._axes(), self.min_value, self.max_value, self.rate)

    def _wanted(self, norms: npt.NDArray[Any]) -> npt.NDArray[Any]:
        inside: npt.NDArray[Any] = np.clip(norms, self.min_value, self.max_value)
        return self.rate * inside + (1 - self.rate) * norms

    def get_config(self) -> dict[str, Any]:
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


class NonNeg(Constraint):
    """No element below zero.

    >>> NonNeg()([-1.0, 2.0])
    array([0., 2.])
    """

    @property
    def plan(self) -> NonNegative:
        return NonNegative()

    def __call__(self, w: npt.ArrayLike) -> npt.NDArray[Any]:
        positive: npt.NDArray[Any] = np.maximum(np.asarray(w), 0)
        return positive


def _axis(axis: Any) -> Axis:
    """`axis`, an integer or several, as it was given."""
    if isinstance(axis, (list, tuple)):
        return [integer("axis", one, -_MOST_AXES, _MOST_AXES) for one in axis]
    return integer("axis", axis, -_MOST_AXES, _MOST_AXES)
