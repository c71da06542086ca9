"""SGD against its formula in float64."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ParameterError
from convcore.optimizers import SGD
from tests.optimizers.linear import Vector, compare


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("decay", [None, 0.1])
def test_steps_follow_the_formula(momentum: float, nesterov: bool, decay: float | None) -> None:
    velocity = np.zeros(15)

    def step(w: Vector, g: Vector, t: int) -> Vector:
        w = w - w * (decay or 0.0) * 0.05
        velocity[:] = momentum * velocity - 0.05 * g
        return w + (momentum * velocity - 0.05 * g if nesterov and momentum else velocity)

    compare(SGD(0.05, momentum=momentum, nesterov=nesterov, weight_decay=decay), step)


def test_defaults_and_slots() -> None:
    assert SGD().hyper() == (0.01, 0.0, 0.0, 0.0)
    assert SGD().slot_count() == 0
    assert SGD(momentum=0.5).slot_names == ("momentum",)
    with pytest.raises(ParameterError, match="momentum"):
        SGD(momentum=1.5)
