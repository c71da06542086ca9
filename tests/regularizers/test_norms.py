"""Penalties on magnitudes and squares."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ParameterError
from convcore.plans.penalties import Magnitudes
from convcore.regularizers import L1, L1L2, L2, l1, l1_l2, l2


def test_values_and_defaults() -> None:
    x = np.array([[1.0, -2.0], [0.0, 3.0]])
    assert L1()(x) == np.float32(0.06)
    assert L2()(x) == np.float32(0.14)
    assert L1L2()(x) == 0
    assert L1L2(0.5, 0.25)(x) == 6.5
    assert (l1, l2, l1_l2) == (L1, L2, L1L2)
    assert L1(None).l1 == 0.01  # type: ignore[arg-type]


def test_what_the_engine_gets() -> None:
    assert L1(0.5).plan == Magnitudes(0.5, 0.0)
    assert L2(0.5).plan == Magnitudes(0.0, 0.5)


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), "0.1"])
def test_what_is_no_factor_is_refused(bad: float) -> None:
    with pytest.raises(ParameterError, match="l1"):
        L1(bad)
    with pytest.raises(ParameterError, match="l2"):
        L1L2(l2=bad)
