"""What every regularizer is: a function of an array whose value joins the loss, and whose gradient the engine knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from convcore.checks import rebuild
from convcore.errors import NotSupportedError
from convcore.plans.penalties import Plan

__all__ = ["Regularizer"]


class Regularizer:
    """The base of the regularizers: called with an array, it returns the penalty, a number."""

    @property
    def plan(self) -> Plan:
        """How the engine computes the penalty and its gradient."""
        raise NotSupportedError(
            f"convcore does not implement regularizers of one's own (received {type(self).__name__}; supported: L1, "
            "L2, L1L2, OrthogonalRegularizer)."
        )

    def __call__(self, x: npt.ArrayLike) -> np.float32:
        raise NotSupportedError(f"{type(self).__name__} does not define __call__(x).")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON types."""
        return {}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return rebuild(cls, config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"
