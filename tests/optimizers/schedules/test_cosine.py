"""Cosines and the one cycle, at points computed by hand."""

from __future__ import annotations

import pytest

from convcore.errors import ParameterError
from convcore.optimizers.schedules import CosineDecay, CosineDecayRestarts, OneCycle


def test_cosine() -> None:
    schedule = CosineDecay(1.0, 100, alpha=0.1)
    assert schedule(50) == pytest.approx(0.55)
    assert schedule(100) == schedule(500) == pytest.approx(0.1)
    warm = CosineDecay(0.2, 100, warmup_target=1.0, warmup_steps=10)
    assert [warm(step) for step in (0, 5, 10, 60, 110)] == pytest.approx([0.2, 0.6, 1.0, 0.5, 0.0])


def test_restarts() -> None:
    schedule = CosineDecayRestarts(1.0, 4, t_mul=2.0, m_mul=0.5, alpha=0.1)
    assert [schedule(step) for step in (0, 2, 4, 8, 12)] == pytest.approx([1.0, 0.55, 0.55, 0.325, 0.325])
    even = CosineDecayRestarts(1.0, 4, t_mul=1.0)
    assert [even(step) for step in (0, 2, 4, 6, 400_000)] == pytest.approx([1.0, 0.5, 1.0, 0.5, 1.0])


@pytest.mark.parametrize("anneal", ["cosine", "linear"])
def test_one_cycle_rises_and_falls_once(anneal: str) -> None:
    schedule = OneCycle(4e-3, 200, warmup=0.25, initial_factor=0.1, final_factor=0.01, anneal=anneal)
    rates = [schedule(step) for step in range(201)]
    assert rates[0] == pytest.approx(4e-4)
    assert rates[50] == max(rates) == 4e-3
    assert rates[200] == schedule(10_000) == pytest.approx(4e-5)
    assert rates[:51] == sorted(rates[:51])
    assert rates[50:] == sorted(rates[50:], reverse=True)
    assert rates[25] == pytest.approx(4e-3 * 0.55)


@pytest.mark.parametrize("warmup", [0.0, 1.0])
def test_one_cycle_may_have_one_leg(warmup: float) -> None:
    schedule = OneCycle(1.0, 10, warmup=warmup, initial_factor=0.0)
    assert schedule(5) == pytest.approx(0.5)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ParameterError, match="anneal"):
        OneCycle(0.1, 10, anneal="sine")
    with pytest.raises(ParameterError, match="total_steps"):
        OneCycle(0.1, 0)
    with pytest.raises(ParameterError, match="t_mul"):
        CosineDecayRestarts(0.1, 10, t_mul=0.5)
    with pytest.raises(ParameterError, match="decay_steps"):
        CosineDecay(0.1, 0)
