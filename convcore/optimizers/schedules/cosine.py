"""Schedules of cosines, with warm-up and with restarts, and the one cycle.

Formulas and argument names are Keras's; `OneCycle` is our own (after Smith, "Super-Convergence", 2017).
"""

from __future__ import annotations

import math

from convcore.checks import real, text
from convcore.errors import ParameterError
from convcore.optimizers.schedules.base import Configured
from convcore.shapes import integer

__all__ = ["CosineDecay", "CosineDecayRestarts", "OneCycle"]


class CosineDecay(Configured):
    """Half a cosine from the initial (or warmed up) rate down to `alpha` times it, in `decay_steps` steps.

    With `warmup_target` the rate first rises linearly to it in `warmup_steps` steps.

    >>> schedule = CosineDecay(0.1, decay_steps=100)
    >>> [round(schedule(step), 3) for step in (0, 50, 100, 1000)]
    [0.1, 0.05, 0.0, 0.0]
    """

    _arguments = ("initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps")

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


class CosineDecayRestarts(Configured):
    """Half cosines one after the other (Loshchilov and Hutter, "SGDR", 2016).

    The first takes `first_decay_steps`, each next `t_mul` times as many, from `m_mul` times the rate; all end at
    `alpha` times the initial rate.

    >>> schedule = CosineDecayRestarts(0.5, first_decay_steps=10)
    >>> [round(schedule(step), 3) for step in (0, 5, 10, 20)]
    [0.5, 0.25, 0.5, 0.25]
    """

    _arguments = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = real("initial_learning_rate", initial_learning_rate)
        self.first_decay_steps = real("first_decay_steps", first_decay_steps, open_minimum=True)
        self.t_mul = real("t_mul", t_mul, 1.0)
        self.m_mul = real("m_mul", m_mul)
        self.alpha = real("alpha", alpha)
        self.name = text("name", name)

    def __call__(self, step: int) -> float:
        length, restarts, left = self.first_decay_steps, 0, float(step)
        if self.t_mul == 1.0:
            restarts, left = int(left // length), left % length
        while left >= length:
            left -= length
            length *= self.t_mul
            restarts += 1
        cosine = 0.5 * self.m_mul**restarts * (1.0 + math.cos(math.pi * left / length))
        return float(self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha))


class OneCycle(Configured):
    """One rise to `peak` and one fall, over the whole of a training of `total_steps` steps.

    The first ``warmup * total_steps`` steps climb from ``initial_factor * peak`` to `peak`, the rest falls to
    ``final_factor * peak`` and stays there. `anneal` is the form of both legs: "cosine" or "linear".

    >>> schedule = OneCycle(4e-3, total_steps=100, warmup=0.25, initial_factor=0.1, anneal="linear")
    >>> [round(schedule(step), 6) for step in (0, 25, 100)]
    [0.0004, 0.004, 0.0]
    """

    _arguments = ("peak", "total_steps", "warmup", "initial_factor", "final_factor", "anneal", "name")

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
