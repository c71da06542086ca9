"""Penalties on magnitudes and on squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.checks import real
from convcore.plans.penalties import Magnitudes
from convcore.regularizers.base import Regularizer

__all__ = ["L1", "L2", "L1L2"]


class L1L2(Regularizer):
    """``l1 * sum(abs(x)) + l2 * sum(x**2)``.

    >>> L1L2(l1=0.5, l2=0.25)([1.0, -2.0])
    np.float32(2.75)
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = 0.0 if l1 is None else real("l1", l1)
        self.l2 = 0.0 if l2 is None else real("l2", l2)

    @property
    def plan(self) -> Magnitudes:
        return Magnitudes(self.l1, self.l2)

    def __call__(self, x: npt.ArrayLike) -> np.float32:
        values = np.asarray(x, dtype=np.float64)
        return np.float32(self.l1 * np.abs(values).sum() + self.l2 * (values * values).sum())

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


class L1(L1L2):
    """``l1 * sum(abs(x))``.

    >>> L1(0.5)([1.0, -2.0])
    np.float32(1.5)
    """

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=0.01 if l1 is None else l1)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(L1L2):
    """``l2 * sum(x**2)``, without a factor of one half.

    >>> L2(0.5)([1.0, -2.0])
    np.float32(2.5)
    """

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=0.01 if l2 is None else l2)

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}
