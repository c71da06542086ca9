"""A batch like the last one, without asking again what was found out about that."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from convcore.arrays import FLOAT32, is_plain
from convcore.engine import native

__all__ = ["Repeat"]


class Repeat(NamedTuple):
    """What inference takes from one input to one output: a program, for plain arrays of this shape in this mode."""

    program: native.Program
    arena: native.Arena
    x_shape: tuple[int, ...]
    y_shape: tuple[int, ...]
    math: str

    def fits(self, x: Any, math: str) -> bool:
        """Whether `x` is such an array; what is not may still be made one."""
        return is_plain(x, FLOAT32) and x.shape == self.x_shape and math == self.math

    def run(self, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The output for `x`, an array of its own."""
        y = np.empty(self.y_shape, FLOAT32)
        self.program.run((x, y), self.arena)
        return y
