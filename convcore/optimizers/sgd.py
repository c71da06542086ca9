"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from convcore.checks import flag, real
from convcore.optimizers.base import Optimizer
from convcore.optimizers.schedules import LearningRateSchedule

__all__ = ["SGD"]


class SGD(Optimizer):
    """Gradient descent: ``w -= lr * g``; with momentum ``m = momentum * m - lr * g`` and ``w += m``.

    With `nesterov` the step is ``w += momentum * m - lr * g``. With `weight_decay`, ``w -= w * weight_decay * lr``
    comes first.

    >>> SGD(momentum=0.9).hyper()
    (0.01, 0.9, 0.0, 0.0)
    """

    kernel = "sgd"

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        self.momentum = real("momentum", momentum, 0.0, 1.0, allowed="a float between [0, 1]")
        self.nesterov = flag("nesterov", nesterov)

    @property
    def step_slots(self) -> tuple[str, ...]:
        return ("momentum",) if self.momentum else ()

    def hyper(self) -> tuple[float, ...]:
        return self._rate(), self.momentum, float(self.nesterov), self.joint_decay

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"momentum": self.momentum, "nesterov": self.nesterov}
