"""What every constraint is: a function from weights to weights that each step of an optimizer ends with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from convcore.checks import rebuild
from convcore.plans.constraints import NonNegative, Norm

__all__ = ["Constraint"]


class Constraint:
    """The base of the constraints: called with an array, it returns one of the same shape.

    A subclass of one's own defines ``__call__``, and may add `get_config`; it runs in Python after each step.
    """

    @property
    def plan(self) -> NonNegative | Norm | None:
        """How the engine does it; None if only Python can call it."""
        return None

    def __call__(self, w: npt.ArrayLike) -> npt.NDArray[Any]:
        return np.asarray(w)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON types."""
        return {}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return rebuild(cls, config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"
