"""Ftrl."""

from __future__ import annotations

import math
from typing import Any

from convcore.checks import real
from convcore.errors import ParameterError
from convcore.optimizers.base import Optimizer
from convcore.optimizers.schedules import LearningRateSchedule

__all__ = ["Ftrl"]


class Ftrl(Optimizer):
    """Follow the regularized leader, for sparse models (McMahan et al., 2013).

    With ``p(a) = a ** -learning_rate_power / lr`` and ``l2 = l2_regularization_strength + beta / (2 * lr)``: ``b = a +
    g**2``, ``z += g + 2 * l2_shrinkage_regularization_strength * w - (p(b) - p(a)) * w``, ``w = (clip(z, -l1, l1) - z)
    / (p(b) + 2 * l2)`` and ``a = b``, from ``a = initial_accumulator_value``. The learning rate must not be 0.

    >>> Ftrl().hyper()
    (0.001, 0.5, 0.0, 0.0, 0.0, 0.0)
    """

    kernel = "ftrl"
    step_slots = ("accumulator", "linear")

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        self.learning_rate_power = -_not_below_0("learning_rate_power", learning_rate_power, "negative")
        self.initial_accumulator_value = _not_below_0("initial_accumulator_value", initial_accumulator_value)
        self.l1_regularization_strength = _not_below_0("l1_regularization_strength", l1_regularization_strength)
        self.l2_regularization_strength = _not_below_0("l2_regularization_strength", l2_regularization_strength)
        self.l2_shrinkage_regularization_strength = _not_below_0(
            "l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength
        )
        self.beta = real("beta", beta)

    def first_value(self, slot: str) -> float:
        return self.initial_accumulator_value if slot == "accumulator" else 0.0

    def hyper(self) -> tuple[float, ...]:
        rate = self._rate()
        if not rate:
            raise ParameterError("Ftrl divides by the learning rate, so it must be > 0. Received: learning_rate=0.0")
        return (
            rate,
            -self.learning_rate_power,
            self.l1_regularization_strength,
            self.l2_regularization_strength + self.beta / (2.0 * rate),
            self.l2_shrinkage_regularization_strength,
            rate * self.joint_decay,
        )

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }


def _not_below_0(name: str, value: float, side: str = "positive") -> float:
    """The size of a number on the `side` of 0 that is allowed, or of 0."""
    sign = 1.0 if side == "positive" else -1.0
    number = sign * real(name, value, -math.inf)
    if number < 0.0:
        raise ParameterError(f"`{name}` needs to be {side} or zero. Received: {name}={value}.")
    return abs(number)
