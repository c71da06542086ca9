"""The steps of regularizers against NumPy: their sums, and their gradients by finite differences in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import runtime
from convcore.errors import ShapeError
from convcore.plans.penalties import Cosines, Magnitudes, Plan, add_sums, penalize
from convcore.plans.steps import Steps
from tests.checks import digest

Array = np.ndarray[Any, Any]


def run(plan: Plan, x: Array, g: Array | None = None) -> float:
    """The penalty; its gradient is added to `g`."""
    steps, total = Steps(str(x.dtype)), np.zeros(1)
    sums, count = penalize(steps, plan, x.shape, steps.bind(x), None if g is None else steps.bind(g))
    add_sums(steps, sums, count, steps.bind(total))
    steps.build().run(())
    return float(total[0])


def naive(plan: Plan, x: Array) -> float:
    if isinstance(plan, Magnitudes):
        return float(plan.l1 * np.abs(x).sum() + plan.l2 * (x * x).sum())
    rows = x if plan.rows else x.T
    unit = rows / np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    cosines = np.abs(unit @ unit.T) * (1 - np.eye(len(rows)))
    return float(plan.factor * 0.5 * cosines.sum() / (len(rows) * (len(rows) - 1) / 2))


PLANS: list[Plan] = [
    Magnitudes(0.3, 0.0),
    Magnitudes(0.0, 0.2),
    Magnitudes(0.1, 0.2),
    Cosines(0.7),
    Cosines(0.7, False),
]


@pytest.mark.parametrize("shape", [(2, 3), (7, 5), (33, 17), (5, 130), (90, 61)])
@pytest.mark.parametrize("plan", PLANS, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_penalty(plan: Plan, shape: tuple[int, int], dtype: type) -> None:
    x = np.random.default_rng(1).normal(size=shape).astype(dtype)
    expected = naive(plan, x.astype(np.float64))
    assert run(plan, x) == pytest.approx(expected, rel=1e-5 if dtype is np.float32 else 1e-12)


@pytest.mark.parametrize("shape", [(2, 3), (7, 5), (3, 40)])
@pytest.mark.parametrize("plan", PLANS, ids=repr)
def test_the_gradient_by_finite_differences(plan: Plan, shape: tuple[int, int]) -> None:
    x = np.random.default_rng(2).normal(size=shape)
    g = np.ones(shape)
    run(plan, x, g)
    for at in np.ndindex(*shape):
        ends = []
        for step in (1e-6, -1e-6):
            moved = x.copy()
            moved[at] += step
            ends.append(naive(plan, moved))
        assert g[at] - 1 == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6, abs=1e-8)


def test_whole_numbers_are_exact() -> None:
    x = np.random.default_rng(3).integers(-3, 4, size=(99, 101)).astype(np.float32)
    g = np.zeros_like(x)
    assert run(Magnitudes(2.0, 0.5), x, g) == 2 * np.abs(x).sum() + 0.5 * (x * x).sum()
    np.testing.assert_array_equal(g, 2 * np.sign(x) + x)


@pytest.mark.parametrize("plan", PLANS, ids=repr)
def test_bits_do_not_depend_on_the_number_of_threads(plan: Plan) -> None:
    x = np.random.default_rng(4).normal(size=(150, 211)).astype(np.float32)

    def after() -> str:
        g = np.ones_like(x)
        return digest([np.array(run(plan, x, g)), g])

    expected = after()
    for count in (1, 2, 3):
        with runtime.threads(count):
            assert after() == expected


def test_single_vectors_and_vectors_of_zeros() -> None:
    assert run(Cosines(0.5), np.ones((1, 4))) == 0
    x, g = np.array([[0.0, 0.0], [1.0, 1.0]]), np.zeros((2, 2))
    assert run(Cosines(0.5), x, g) == 0
    assert not g.any()


def test_cosines_need_a_matrix() -> None:
    with pytest.raises(ShapeError, match="rank 2"):
        run(Cosines(0.5), np.ones((2, 2, 2)))
