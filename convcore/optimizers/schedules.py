"""Learning rate schedules: functions of the number of steps done.

Formulas and argument names are Keras's; `OneCycle` is our own (after Smith, "Super-Convergence", 2017).
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

from convcore.checks import find, flag, real, rebuild, text
from convcore.errors import ParameterError
from convcore.keras_names import missing
from convcore.shapes import integer

__all__ = [
    "CosineDecay",
    "ExponentialDecay",
    "LearningRateSchedule",
    "OneCycle",
    "PiecewiseConstantDecay",
    "deserialize",
    "serialize",
]


class LearningRateSchedule:
    """The base of the schedules: a subclass implements ``__call__(step) -> float`` and `get_config`."""

    def __call__(self, step: int) -> float:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return rebuild(cls, config)


class ExponentialDecay(LearningRateSchedule):
    """``initial * decay_rate ** (step / decay_steps)``; with `staircase` the exponent is rounded down.

    >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.025
    """

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

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class PiecewiseConstantDecay(LearningRateSchedule):
    """``values[0]`` while ``step <= boundaries[0]``, then ``values[1]`` while ``step <= boundaries[1]``, and so on.

    >>> schedule = PiecewiseConstantDecay([100, 200], [1.0, 0.5, 0.1])
    >>> [schedule(100), schedule(101), schedule(500)]
    [1.0, 0.5, 0.1]
    """

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

    def get_config(self) -> dict[str, Any]:
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


class CosineDecay(LearningRateSchedule):
    """Half a cosine from the initial (or warmed up) rate down to `alpha` times it, in `decay_steps` steps.

    With `warmup_target` the rate first rises linearly to it in `warmup_steps` steps.

    >>> schedule = CosineDecay(0.1, decay_steps=100)
    >>> [round(schedule(step), 3) for step in (0, 50, 100, 1000)]
    [0.1, 0.05, 0.0, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = real("initial_learning_rate", initial_learning_rate)
        self.decay_steps = real("decay_steps", decay_steps, open_minimum=True)
        self.alpha = real("alpha", alpha)
        self.warmup_target = None if warmup_target is None else real("warmup_target", warmup_target)
        self.warmup_steps = real("warmup_steps", warmup_steps)
        self.name = text("name", name)

    def __call__(self, step: int) -> float:
        peak: float = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return peak + (self.warmup_target - peak) * step / self.warmup_steps
            peak = self.warmup_target
            step -= int(self.warmup_steps)
        cosine = 0.5 * (1.0 + math.cos(math.pi * min(step, self.decay_steps) / self.decay_steps))
        return peak * ((1.0 - self.alpha) * cosine + self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }


class OneCycle(LearningRateSchedule):
    """One rise to `peak` and one fall, over the whole of a training of `total_steps` steps.

    The first ``warmup * total_steps`` steps climb from ``initial_factor * peak`` to `peak`, the rest falls to
    ``final_factor * peak`` and stays there. `anneal` is the form of both legs: "cosine" or "linear".

    >>> schedule = OneCycle(4e-3, total_steps=100, warmup=0.25, initial_factor=0.1, anneal="linear")
    >>> [round(schedule(step), 6) for step in (0, 25, 100)]
    [0.0004, 0.004, 0.0]
    """

    def __init__(
        self,
        peak: float,
        total_steps: int,
        warmup: float = 0.25,
        initial_factor: float = 0.04,
        final_factor: float = 0.0,
        anneal: str = "cosine",
        name: str = "OneCycle",
    ) -> None:
        self.peak = real("peak", peak)
        self.total_steps = integer("total_steps", total_steps, 1)
        self.warmup = real("warmup", warmup, 0.0, 1.0)
        self.initial_factor = real("initial_factor", initial_factor)
        self.final_factor = real("final_factor", final_factor)
        if anneal not in ("cosine", "linear"):
            raise ParameterError(f"`anneal` must be 'cosine' or 'linear'. Received: anneal={anneal!r}")
        self.anneal = anneal
        self.name = text("name", name)

    def __call__(self, step: int) -> float:
        climb = self.warmup * self.total_steps
        if step < climb:
            start, end, done = self.initial_factor, 1.0, step / climb
        else:
            start, end = 1.0, self.final_factor
            done = min((step - climb) / (self.total_steps - climb), 1.0) if self.total_steps > climb else 1.0
        if self.anneal == "cosine":
            done = 0.5 * (1.0 - math.cos(math.pi * done))
        return self.peak * (start + (end - start) * done)

    def get_config(self) -> dict[str, Any]:
        return {
            "peak": self.peak,
            "total_steps": self.total_steps,
            "warmup": self.warmup,
            "initial_factor": self.initial_factor,
            "final_factor": self.final_factor,
            "anneal": self.anneal,
            "name": self.name,
        }


_SCHEDULES: dict[str, type[LearningRateSchedule]] = {
    "ExponentialDecay": ExponentialDecay,
    "PiecewiseConstantDecay": PiecewiseConstantDecay,
    "CosineDecay": CosineDecay,
    "OneCycle": OneCycle,
}


def serialize(schedule: LearningRateSchedule) -> dict[str, Any]:
    """`schedule` as plain data: ``{"class_name": ..., "config": ...}``."""
    return {"class_name": type(schedule).__name__, "config": schedule.get_config()}


def deserialize(config: Mapping[str, Any]) -> LearningRateSchedule:
    """The schedule that `serialize` wrote."""
    kind = find("optimizers.schedules", "learning rate schedule", config.get("class_name"), _SCHEDULES)
    return kind.from_config(config.get("config", {}))


def __getattr__(name: str) -> Any:
    error = missing("optimizers.schedules", name, ", ".join(__all__))
    raise error or AttributeError(f"module {__name__!r} has no attribute {name!r}")
