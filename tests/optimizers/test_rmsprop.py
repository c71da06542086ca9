"""RMSprop against its formula in float64: epsilon stands inside the root."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.optimizers import RMSprop
from tests.optimizers.linear import Vector, compare


@pytest.mark.parametrize("momentum", [0.0, 0.8])
@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("epsilon", [1e-7, 1e-1])
def test_steps_follow_the_formula(momentum: float, centered: bool, epsilon: float) -> None:
    v, mean, m = np.zeros(15), np.zeros(15), np.zeros(15)

    def step(w: Vector, g: Vector, t: int) -> Vector:
        w = w - w * 0.1 * 0.01
        v[:] = 0.9 * v + 0.1 * g * g
        mean[:] = 0.9 * mean + 0.1 * g
        m[:] = momentum * m + 0.01 * g / np.sqrt(v - (mean * mean if centered else 0.0) + epsilon)
        return w - m

    compare(RMSprop(0.01, momentum=momentum, centered=centered, epsilon=epsilon, weight_decay=0.1), step)


def test_defaults_and_slots() -> None:
    assert RMSprop().hyper() == (0.001, 0.9, 1e-7, 0.0, 0.0, 0.0)
    assert RMSprop().slot_names == ("velocity",)
    assert RMSprop(centered=True, momentum=0.1).slot_names == ("velocity", "average_gradient", "momentum")
