"""Adamax against its formula in float64."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ParameterError
from convcore.optimizers import Adamax
from tests.optimizers.linear import Vector, compare


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.75)])
@pytest.mark.parametrize("decay", [None, 0.1])
def test_steps_follow_the_formula(betas: tuple[float, float], decay: float | None) -> None:
    m, most = np.zeros(15), np.zeros(15)

    def step(w: Vector, g: Vector, t: int) -> Vector:
        w = w - w * (decay or 0.0) * 0.01
        m[:] += (g - m) * (1 - betas[0])
        most[:] = np.maximum(betas[1] * most, np.abs(g))
        stepped: Vector = w - 0.01 * m / ((1 - betas[0] ** t) * (most + 1e-7))
        return stepped

    compare(Adamax(0.01, *betas, weight_decay=decay), step)


def test_defaults_and_slots() -> None:
    assert Adamax().slot_names == ("momentum", "norm")
    with pytest.raises(ParameterError, match="beta_1"):
        Adamax(beta_1=1.0)
