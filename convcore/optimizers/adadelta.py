"""Adadelta."""

from __future__ import annotations

from typing import Any

from convcore.checks import real, unit_interval
from convcore.optimizers.base import Optimizer
from convcore.optimizers.schedules import LearningRateSchedule

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """Steps as large as those before them, relative to the gradients (Zeiler, 2012).

    ``a = rho * a + (1 - rho) * g**2``, ``d = g * sqrt(s + epsilon) / sqrt(a + epsilon)``, ``s = rho * s + (1 - rho) *
    d**2`` and ``w -= lr * d``.

    >>> Adadelta().hyper()
    (0.001, 0.95, 1e-07, 0.0)
    """

    kernel = "adadelta"
    step_slots = ("accumulated_grad", "accumulated_delta_var")

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        rho: float = 0.95,
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
        self.rho = unit_interval("rho", rho)
        self.epsilon = real("epsilon", epsilon)

    def hyper(self) -> tuple[float, ...]:
        rate = self._rate()
        return rate, self.rho, self.epsilon, rate * self.joint_decay

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "rho": self.rho,
            "epsilon": self.epsilon,
        }
