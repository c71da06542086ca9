"""Adadelta against its formula in float64."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ParameterError
from convcore.optimizers import Adadelta
from tests.optimizers.linear import Vector, compare


@pytest.mark.parametrize("rho", [0.95, 0.5])
@pytest.mark.parametrize("decay", [None, 0.1])
def test_steps_follow_the_formula(rho: float, decay: float | None) -> None:
    mean, moved = np.zeros(15), np.zeros(15)

    def step(w: Vector, g: Vector, t: int) -> Vector:
        w = w - w * (decay or 0.0) * 0.5
        mean[:] = rho * mean + (1 - rho) * g * g
        change = g * np.sqrt(moved + 1e-3) / np.sqrt(mean + 1e-3)
        moved[:] = rho * moved + (1 - rho) * change**2
        stepped: Vector = w - 0.5 * change
        return stepped

    compare(Adadelta(0.5, rho=rho, epsilon=1e-3, weight_decay=decay), step)


def test_defaults_and_slots() -> None:
    assert Adadelta().slot_names == ("accumulated_grad", "accumulated_delta_var")
    with pytest.raises(ParameterError, match="rho"):
        Adadelta(rho=1.5)
