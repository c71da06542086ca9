"""The steps of constraints against NumPy, over every choice of axes."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from convcore import runtime
from convcore.errors import NotSupportedError, ShapeError
from convcore.plans.constraints import NonNegative, Norm, constrain, plan_of
from convcore.plans.steps import Steps
from tests.checks import digest

SHAPES = [(9,), (7, 5), (3, 130), (4, 5, 6), (2, 3, 4, 70), (3, 3, 1, 5)]
AXES = [
    (shape, axes)
    for shape in SHAPES
    for count in range(1, len(shape) + 1)
    for axes in itertools.combinations(range(len(shape)), count)
]


def run(plan: Any, w: np.ndarray[Any, Any]) -> None:
    steps = Steps(str(w.dtype))
    constrain(steps, plan, w.shape, None, steps.bind(w))
    steps.build().run(())


@pytest.mark.parametrize(("shape", "axes"), AXES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_norms(shape: tuple[int, ...], axes: tuple[int, ...], dtype: type) -> None:
    w = np.random.default_rng(1).normal(size=shape).astype(dtype)
    norms = np.sqrt((w.astype(np.float64) ** 2).sum(axis=axes, keepdims=True))
    tolerance = 1e-5 if dtype is np.float32 else 1e-12
    for plan, factor in (
        (Norm(axes, high=1.5), np.clip(norms, 0, 1.5) / (norms + 1e-7)),
        (Norm(tuple(axis - len(shape) for axis in axes), unit=True), 1 / (norms + 1e-7)),
        (Norm(axes, 1.0, 2.0, 0.25), (0.25 * np.clip(norms, 1, 2) + 0.75 * norms) / (norms + 1e-7)),
    ):
        ours = w.copy()
        run(plan, ours)
        np.testing.assert_allclose(ours, w * factor, rtol=tolerance, atol=tolerance)


def test_no_negative_element_stays() -> None:
    w = np.array([-1.0, 0.0, 2.0, np.nan, -np.inf], np.float32)
    run(NonNegative(), w)
    np.testing.assert_array_equal(w, [0.0, 0.0, 2.0, np.nan, 0.0])


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1, 2)])
def test_bits_do_not_depend_on_the_number_of_threads(axes: tuple[int, ...]) -> None:
    w = np.random.default_rng(1).normal(size=(5, 33, 16, 67)).astype(np.float32)

    def after() -> str:
        ours = w.copy()
        run(Norm(axes, high=2.0), ours)
        return digest([ours])

    expected = after()
    for count in (1, 2, 3):
        with runtime.threads(count):
            assert after() == expected


def test_zeros_stay() -> None:
    w = np.zeros((3, 4), np.float32)
    run(Norm((0,), 1.0, 2.0), w)
    assert not w.any()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="axis 2"):
        run(Norm((2,)), np.ones((2, 3), np.float32))
    with pytest.raises(NotSupportedError, match="axes"):
        run(Norm((0, 2, 4)), np.ones((2, 2, 2, 2, 2), np.float32))


def test_functions_have_no_plan() -> None:
    assert plan_of(math.sqrt) is None
