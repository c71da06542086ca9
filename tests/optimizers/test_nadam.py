"""Nadam against its formula in float64."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ParameterError
from convcore.optimizers import Nadam
from tests.optimizers.linear import Vector, compare


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.9)])
@pytest.mark.parametrize("decay", [None, 0.1])
def test_steps_follow_the_formula(betas: tuple[float, float], decay: float | None) -> None:
    beta_1, beta_2 = betas
    m, v, product = np.zeros(15), np.zeros(15), np.ones(1)

    def warm(t: int) -> float:
        return beta_1 * (1 - 0.5 * 0.96**t)

    def step(w: Vector, g: Vector, t: int) -> Vector:
        w = w - w * (decay or 0.0) * 0.01
        product[:] *= warm(t)
        m[:] += (g - m) * (1 - beta_1)
        v[:] += (g * g - v) * (1 - beta_2)
        ahead = warm(t + 1) * m / (1 - product * warm(t + 1)) + (1 - warm(t)) * g / (1 - product)
        stepped: Vector = w - 0.01 * ahead / (np.sqrt(v / (1 - beta_2**t)) + 1e-7)
        return stepped

    compare(Nadam(0.01, *betas, weight_decay=decay), step)


def test_a_long_training_goes_on() -> None:
    optimizer = Nadam()
    optimizer.iterations = 10**9
    ahead, now, *_, unbias, _, _ = optimizer.hyper()
    assert (ahead, now, unbias) == pytest.approx((0.0009, 0.0001, 1.0))


def test_defaults_and_slots() -> None:
    assert Nadam().name.startswith("nadam")
    assert Nadam().slot_names == ("momentum", "velocity")
    with pytest.raises(ParameterError, match="beta_1"):
        Nadam(beta_1=1.0)
