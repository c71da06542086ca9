"""Lion."""

from __future__ import annotations

from typing import Any

from convcore.checks import real, unit_interval
from convcore.errors import ParameterError
from convcore.optimizers.base import Optimizer
from convcore.optimizers.schedules import LearningRateSchedule

__all__ = ["Lion"]


class Lion(Optimizer):
    """Steps of one size, in the direction of the sign (Chen et al., 2023).

    ``w -= lr * sign(beta_1 * m + (1 - beta_1) * g)``, then ``m = beta_2 * m + (1 - beta_2) * g``.

    >>> Lion().hyper()
    (0.001, 0.9, 0.99, 0.0)
    """

    kernel = "lion"
    step_slots = ("momentum",)

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        if isinstance(beta_1, int | float) and not 0.0 < beta_1 <= 1.0:
            raise ParameterError(
                "Argument `beta_1` must be in the [0, 1] range. Otherwise, the optimizer degenerates to SignSGD. "
                f"Received: beta_1={beta_1}."
            )
        self.beta_1 = real("beta_1", beta_1, 0.0, 1.0, open_minimum=True)
        self.beta_2 = unit_interval("beta_2", beta_2)

    def hyper(self) -> tuple[float, ...]:
        rate = self._rate()
        return rate, self.beta_1, self.beta_2, rate * self.joint_decay

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
        }
