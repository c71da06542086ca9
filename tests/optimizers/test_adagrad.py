"""Adagrad against its formula in float64."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ParameterError
from convcore.optimizers import Adagrad
from tests.optimizers.linear import Vector, compare


@pytest.mark.parametrize("start", [0.0, 0.1])
@pytest.mark.parametrize("decay", [None, 0.1])
def test_steps_follow_the_formula(start: float, decay: float | None) -> None:
    total = np.full(15, start)

    def step(w: Vector, g: Vector, t: int) -> Vector:
        w = w - w * (decay or 0.0) * 0.05
        total[:] += g * g
        stepped: Vector = w - 0.05 * g / np.sqrt(total + 1e-7)
        return stepped

    compare(Adagrad(0.05, initial_accumulator_value=start, weight_decay=decay), step)


def test_slots_start_at_the_value_given() -> None:
    optimizer = Adagrad(initial_accumulator_value=0.5)
    optimizer.build(3)
    assert optimizer.slots[0].tolist() == [0.5, 0.5, 0.5]
    assert optimizer.slot_names == ("accumulator",)
    with pytest.raises(ParameterError, match="initial_accumulator_value"):
        Adagrad(initial_accumulator_value=-1.0)
