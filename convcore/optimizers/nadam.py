"""Nadam."""

from __future__ import annotations

from itertools import accumulate
from operator import mul
from typing import Any

from convcore.checks import real, unit_interval
from convcore.optimizers.base import Optimizer
from convcore.optimizers.schedules import LearningRateSchedule

__all__ = ["Nadam"]


def _warming(step: int) -> float:
    """By what the momentum is shorter in a step, counted from 1; it comes to 1."""
    return 1.0 - 0.5 * 0.96**step


# The product of all up to a step; the factors after these are 1 in float64.
_WARMING = tuple(accumulate(map(_warming, range(1, 1001)), mul))


class Nadam(Optimizer):
    """Adam with Nesterov's look ahead (Dozat, 2016).

    With ``u_t = beta_1 * (1 - 0.96**t / 2)`` and U their product up to t: m and v as Adam's, and ``w -= lr * (u_{t+1} *
    m / (1 - U * u_{t+1}) + (1 - u_t) * g / (1 - U)) / (sqrt(v / (1 - beta_2**t)) + epsilon)``.

    >>> [round(number, 7) for number in Nadam().hyper()]
    [0.0006279, 0.001, 0.9, 0.999, 1000.0, 1e-07, 0.0]
    """

    kernel = "nadam"
    step_slots = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **kwargs,
        )
        self.beta_1 = unit_interval("beta_1", beta_1, open_maximum=True)
        self.beta_2 = unit_interval("beta_2", beta_2, open_maximum=True)
        self.epsilon = real("epsilon", epsilon)

    def hyper(self) -> tuple[float, ...]:
        step, rate = self.iterations + 1, self._rate()
        product = self.beta_1**step * _WARMING[min(step, len(_WARMING)) - 1]
        now, ahead = _warming(step) * self.beta_1, _warming(step + 1) * self.beta_1
        return (
            rate * ahead / (1.0 - product * ahead),
            rate * (1.0 - now) / (1.0 - product),
            self.beta_1,
            self.beta_2,
            1.0 / (1.0 - self.beta_2**step),
            self.epsilon,
            rate * self.joint_decay,
        )

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
