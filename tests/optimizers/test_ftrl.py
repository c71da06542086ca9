"""Ftrl against its formula in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.errors import ParameterError
from convcore.optimizers import Ftrl
from tests.optimizers.linear import Vector, compare

ALL: dict[str, float] = {
    "learning_rate_power": -0.7,
    "l1_regularization_strength": 0.1,
    "l2_regularization_strength": 0.2,
    "l2_shrinkage_regularization_strength": 0.3,
    "beta": 0.4,
}


@pytest.mark.parametrize("options", [{}, ALL], ids=["plain", "all"])
@pytest.mark.parametrize("decay", [None, 0.1])
def test_steps_follow_the_formula(options: dict[str, Any], decay: float | None) -> None:
    given = dict.fromkeys(ALL, 0.0) | {"learning_rate_power": -0.5} | options
    power, l1, l2, shrinkage, beta = given.values()
    total, linear = np.full(15, 0.1), np.zeros(15)

    def step(w: Vector, g: Vector, t: int) -> Vector:
        w = w - w * (decay or 0.0) * 0.05
        after = total + g * g
        linear[:] += g + 2 * shrinkage * w - (after**-power - total**-power) / 0.05 * w
        total[:] = after
        stepped: Vector = (np.clip(linear, -l1, l1) - linear) / (after**-power / 0.05 + 2 * (l2 + beta / 0.1))
        return stepped

    compare(Ftrl(0.05, weight_decay=decay, **options), step)


def test_what_is_out_of_range_is_refused() -> None:
    for argument in set(ALL) - {"learning_rate_power"} | {"initial_accumulator_value"}:
        with pytest.raises(ParameterError, match=argument):
            Ftrl(**{argument: -0.1})  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="learning_rate_power"):
        Ftrl(learning_rate_power=0.5)
    with pytest.raises(ParameterError, match="divides by the learning rate"):
        Ftrl(0.0).hyper()
