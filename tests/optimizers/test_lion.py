"""Lion against its formula in float64."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ParameterError
from convcore.optimizers import Lion
from tests.optimizers.linear import Vector, compare


@pytest.mark.parametrize("decay", [None, 0.1])
def test_steps_follow_the_formula(decay: float | None) -> None:
    m = np.zeros(15)

    def step(w: Vector, g: Vector, t: int) -> Vector:
        w = w - w * (decay or 0.0) * 0.01
        w = w - 0.01 * np.sign(0.9 * m + 0.1 * g)
        m[:] = 0.99 * m + 0.01 * g
        return w

    compare(Lion(0.01, weight_decay=decay), step)


def test_defaults_and_slots() -> None:
    assert (Lion().beta_2, Lion().slot_names) == (0.99, ("momentum",))
    with pytest.raises(ParameterError, match="beta_1"):
        Lion(beta_1=0.0)
