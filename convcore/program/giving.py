"""A lowering whose outputs are the caller's: written where they stay, not in the arena and from there once more."""

from __future__ import annotations

from typing import Any

from convcore.plans.steps import Buffer
from convcore.program.lowering import Lowering
from convcore.program.storage import Storage
from convcore.program.values import Value

__all__ = ["Giving"]

# Arrays that a program takes and gives; further outputs are in the arena.
MOST_GIVEN = 8


class Giving(Lowering):
    """As `Lowering`, for what is computed once: the inputs are the first externals, `given` the next.

    An output that has the elements of another value, as a reshaped one does, is not among them.
    """

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.given: list[Value] = []

    def new_value(self, value: Value) -> Buffer:
        if value not in self.graph.outputs or len(self.graph.inputs) + len(self.given) >= MOST_GIVEN:
            return super().new_value(value)
        self.given.append(value)
        self._values[value] = Storage(self.steps.external(4 * self.n * value.size, written=True))
        return self._values[value].buffer
