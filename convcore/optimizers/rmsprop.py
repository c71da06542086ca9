"""RMSprop."""

from __future__ import annotations

from typing import Any

from convcore.checks import flag, real, unit_interval
from convcore.optimizers.base import Optimizer
from convcore.optimizers.schedules import LearningRateSchedule

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """RMSprop (Hinton, 2012) with Keras's placement of epsilon, inside the root.

    ``v = rho * v + (1 - rho) * g**2`` and ``w -= lr * g / sqrt(v + epsilon)``. With `centered`, the square of the
    mean gradient is taken off v; with `momentum`, the step goes through ``m = momentum * m + step``, ``w -= m``.

    >>> RMSprop().hyper()
    (0.001, 0.9, 1e-07, 0.0, 0.0, 0.0)
    """

    kernel = "rmsprop"

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        self.momentum = unit_interval("momentum", momentum)
        self.epsilon = real("epsilon", epsilon)
        self.centered = flag("centered", centered)

    @property
    def step_slots(self) -> tuple[str, ...]:
        mean_gradient = ("average_gradient",) if self.centered else ()
        momentum = ("momentum",) if self.momentum else ()
        return ("velocity", *mean_gradient, *momentum)

    def hyper(self) -> tuple[float, ...]:
        return self._rate(), self.rho, self.epsilon, self.momentum, float(self.centered), self.joint_decay

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
