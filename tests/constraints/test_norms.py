"""Constraints called on arrays agree with their formulas, and with what the engine does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from convcore.errors import ParameterError
from convcore.plans.constraints import constrain
from convcore.plans.steps import Steps


@pytest.mark.parametrize("axis", [0, 1, -1, [0, 1], [0, 1, 2], [1, 3]])
@pytest.mark.parametrize("make", [MaxNorm, UnitNorm, MinMaxNorm])
def test_the_engine_agrees(make: Any, axis: Any) -> None:
    constraint = make(axis=axis)
    w = np.random.default_rng(1).normal(size=(3, 4, 5, 6)).astype(np.float32)
    steps, ours = Steps(), w.copy()
    constrain(steps, constraint.plan, w.shape, None, steps.bind(ours))
    steps.build().run(())
    np.testing.assert_allclose(ours, constraint(w), rtol=1e-5, atol=1e-6)


def test_values() -> None:
    w = np.array([[3.0, 0.3], [4.0, 0.4]])
    np.testing.assert_allclose(MaxNorm(2.0)(w), [[1.2, 0.3], [1.6, 0.4]], rtol=1e-6)
    np.testing.assert_allclose(UnitNorm()(w), [[0.6, 0.6], [0.8, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(MinMaxNorm(1.0, 2.0, 0.5)(w), [[2.1, 0.45], [2.8, 0.6]], rtol=1e-6)
    assert NonNeg()(np.array([-1.0, 2.0])).tolist() == [0.0, 2.0]
    assert (MaxNorm().max_value, MaxNorm().axis, MinMaxNorm().max_value) == (2.0, 0, 1.0)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ParameterError, match="max_value"):
        MaxNorm(-1.0)
    with pytest.raises(ParameterError, match="rate"):
        MinMaxNorm(rate=2.0)
    with pytest.raises(ParameterError, match="max_value"):
        MinMaxNorm(2.0, 1.0)
    with pytest.raises(ParameterError, match="axis"):
        UnitNorm("0")  # type: ignore[arg-type]
