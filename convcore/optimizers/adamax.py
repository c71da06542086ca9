"""Adamax."""

from __future__ import annotations

from typing import Any

from convcore.checks import real, unit_interval
from convcore.optimizers.base import Optimizer
from convcore.optimizers.schedules import LearningRateSchedule

__all__ = ["Adamax"]


class Adamax(Optimizer):
    """Adam with the largest gradient in the place of their mean square (Kingma and Ba, 2014, section 7.1).

    ``m += (g - m) * (1 - beta_1)``, ``u = max(beta_2 * u, |g|)`` and ``w -= lr / (1 - beta_1**t) * m / (u + epsilon)``.

    >>> [round(number, 7) for number in Adamax().hyper()]
    [0.01, 0.9, 0.999, 1e-07, 0.0]
    """

    kernel = "adamax"
    step_slots = ("momentum", "norm")

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
        self.beta_2 = unit_interval("beta_2", beta_2)
        self.epsilon = real("epsilon", epsilon)

    def hyper(self) -> tuple[float, ...]:
        rate = self._rate()
        corrected = rate / (1.0 - self.beta_1 ** (self.iterations + 1))
        return corrected, self.beta_1, self.beta_2, self.epsilon, rate * self.joint_decay

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
