"""Schedules that step or decay, at points computed by hand."""

from __future__ import annotations

import math

import pytest

from convcore.errors import ParameterError
from convcore.optimizers.schedules import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)


def test_exponential() -> None:
    smooth, stairs = ExponentialDecay(0.1, 10, 0.5), ExponentialDecay(0.1, 10, 0.5, staircase=True)
    assert smooth(5) == pytest.approx(0.1 * math.sqrt(0.5))
    assert [stairs(step) for step in (9, 10, 25)] == [0.1, 0.05, 0.025]


def test_inverse_time() -> None:
    smooth, stairs = InverseTimeDecay(0.1, 10, 0.5), InverseTimeDecay(0.1, 10, 0.5, staircase=True)
    assert smooth(5) == pytest.approx(0.08)
    assert [stairs(step) for step in (9, 10, 25)] == pytest.approx([0.1, 0.1 / 1.5, 0.05])


def test_polynomial() -> None:
    line = PolynomialDecay(1.0, 10, end_learning_rate=0.5)
    assert [line(step) for step in (0, 5, 10, 50)] == pytest.approx([1.0, 0.75, 0.5, 0.5])
    root = PolynomialDecay(1.0, 10, end_learning_rate=0.0, power=0.5, cycle=True)
    assert [root(step) for step in (0, 10, 15, 20, 25)] == pytest.approx(
        [1.0, 0.0, math.sqrt(0.25), 0.0, math.sqrt(1 / 6)]
    )


def test_piecewise() -> None:
    schedule = PiecewiseConstantDecay([2, 4], [3.0, 2.0, 1.0])
    assert [schedule(step) for step in range(6)] == [3.0, 3.0, 3.0, 2.0, 2.0, 1.0]
    with pytest.raises(ParameterError, match="one entry more"):
        PiecewiseConstantDecay([2, 4], [3.0, 2.0])
    with pytest.raises(ParameterError, match="must not decrease"):
        PiecewiseConstantDecay([4, 2], [3.0, 2.0, 1.0])


@pytest.mark.parametrize("kind", [ExponentialDecay, InverseTimeDecay])
def test_bad_arguments_are_refused(kind: type[ExponentialDecay]) -> None:
    with pytest.raises(ParameterError, match="decay_steps"):
        kind(0.1, 0, 0.5)
    with pytest.raises(ParameterError, match="decay_steps"):
        PolynomialDecay(0.1, 0)
