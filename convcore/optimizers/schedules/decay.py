"""Schedules that step or decay. Formulas and argument names are Keras's."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

from convcore.checks import flag, real, text
from convcore.errors import ParameterError
from convcore.optimizers.schedules.base import Configured

__all__ = ["ExponentialDecay", "InverseTimeDecay", "PiecewiseConstantDecay", "PolynomialDecay"]


class ExponentialDecay(Configured):
    """``initial * decay_rate ** (step / decay_steps)``; with `staircase` the exponent is rounded down.

    >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.025
    """

    _arguments = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = real("initial_learning_rate", initial_learning_rate)
        self.decay_steps = real("decay_steps", decay_steps, open_minimum=True)
        self.decay_rate = real("decay_rate", decay_rate)
        self.staircase = flag("staircase", staircase)
        self.name = text("name", name)

    def __call__(self, step: int) -> float:
        exponent = step / self.decay_steps
        if self.staircase:
            exponent = math.floor(exponent)
        return float(self.initial_learning_rate * self.decay_rate**exponent)


class InverseTimeDecay(Configured):
    """``initial / (1 + decay_rate * step / decay_steps)``; with `staircase` the quotient is rounded down.

    >>> InverseTimeDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.05
    """

    _arguments = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = real("initial_learning_rate", initial_learning_rate)
        self.decay_steps = real("decay_steps", decay_steps, open_minimum=True)
        self.decay_rate = real("decay_rate", decay_rate)
        self.staircase = flag("staircase", staircase)
        self.name = text("name", name)

    def __call__(self, step: int) -> float:
        passed = step / self.decay_steps
        if self.staircase:
            passed = math.floor(passed)
        return self.initial_learning_rate / (1.0 + self.decay_rate * passed)


class PolynomialDecay(Configured):
    """``(initial - end) * (1 - step / decay_steps) ** power + end``, and `end` after `decay_steps`.

    With `cycle` the decay starts anew instead, over the next multiple of `decay_steps`.

    >>> PolynomialDecay(0.5, decay_steps=10, end_learning_rate=0.25)(5)
    0.375
    """

    _arguments = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = real("initial_learning_rate", initial_learning_rate)
        self.decay_steps = real("decay_steps", decay_steps, open_minimum=True)
        self.end_learning_rate = real("end_learning_rate", end_learning_rate)
        self.power = real("power", power)
        self.cycle = flag("cycle", cycle)
        self.name = text("name", name)

    def __call__(self, step: int) -> float:
        whole = self.decay_steps
        if self.cycle:
            whole *= max(1, math.ceil(step / self.decay_steps))
        left = 1.0 - min(step, whole) / whole
        drop = self.initial_learning_rate - self.end_learning_rate
        return float(drop * left**self.power + self.end_learning_rate)


class PiecewiseConstantDecay(Configured):
    """``values[0]`` while ``step <= boundaries[0]``, then ``values[1]`` while ``step <= boundaries[1]``, and so on.

    >>> schedule = PiecewiseConstantDecay([100, 200], [1.0, 0.5, 0.1])
    >>> [schedule(100), schedule(101), schedule(500)]
    [1.0, 0.5, 0.1]
    """

    _arguments = ("boundaries", "values", "name")

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        self.boundaries = [real(f"boundaries[{i}]", boundary) for i, boundary in enumerate(boundaries)]
        self.values = [real(f"values[{i}]", value) for i, value in enumerate(values)]
        self.name = text("name", name)
        if len(self.values) != len(self.boundaries) + 1:
            raise ParameterError(
                "`values` must have one entry more than `boundaries`. "
                f"Received: {len(self.boundaries)} boundaries and {len(self.values)} values"
            )
        if self.boundaries != sorted(self.boundaries):
            raise ParameterError(f"`boundaries` must not decrease. Received: boundaries={self.boundaries}")

    def __call__(self, step: int) -> float:
        return self.values[bisect.bisect_left(self.boundaries, step)]
