"""`avg_pool2d` and its gradient, against the naive definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import ops
from convcore.errors import ParameterError, ShapeError
from tests import reference
from tests.pools import random_problems


@pytest.mark.parametrize("part", range(3))
def test_random_arguments(part: int) -> None:
    rng = np.random.default_rng(part)
    for number, problem in enumerate(random_problems(100 + part, 60, dilated=False)):
        x = rng.standard_normal(problem.shape).astype(problem.dtype)
        include, divisor = bool(rng.integers(2)), int(rng.choice([-3, 1, 4])) if number % 3 == 0 else None
        truth = reference.avg_pool2d(x, include_pad=include, divisor=divisor, **problem.oracle)
        words: dict[str, Any] = problem.words | {"data_format": problem.data_format}
        words |= {"count_include_pad": include, "divisor_override": divisor}
        tolerance = {"rtol": 1e-12, "atol": 1e-12} if problem.dtype == "float64" else {"rtol": 1e-5, "atol": 1e-5}
        y = ops.avg_pool2d(problem.out(x), **words)
        assert y.dtype == np.dtype(problem.dtype)
        np.testing.assert_allclose(problem.back(y), truth, err_msg=repr(problem), **tolerance)
        dy = rng.standard_normal(truth.shape).astype(problem.dtype)
        gradient = reference.avg_pool2d(x, include_pad=include, divisor=divisor, dy=dy, **problem.oracle)
        dx = ops.avg_pool2d_backward(problem.out(dy), problem.out(x).shape, **words)
        np.testing.assert_allclose(problem.back(dx), gradient, err_msg=repr(problem), **tolerance)


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_sums_of_whole_numbers_are_exact_and_adjoint(layout: str) -> None:
    """With a divisor of 1 the pool is a sum: <pool(x), dy> = <x, gradient(dy)> to the bit."""
    rng = np.random.default_rng(1)
    for problem in random_problems(7, 80, dilated=False):
        x = rng.integers(-8, 9, problem.shape).astype(np.float32)
        words = problem.words | {"divisor_override": 1, "data_format": layout}
        y = ops.avg_pool2d(x, **words) if x.ndim == 4 and layout == "channels_last" else None
        if y is None:
            x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
            y = ops.avg_pool2d(x, **words)
        dy = rng.integers(-8, 9, y.shape).astype(np.float32)
        dx = ops.avg_pool2d_backward(dy, x.shape, **words)
        assert np.vdot(y.astype(float), dy.astype(float)) == np.vdot(x.astype(float), dx.astype(float)), problem


def test_finite_differences() -> None:
    rng = np.random.default_rng(2)
    words = {"pool_size": (3, 2), "stride": (2, 1), "padding": ((1, 0), (1, 1)), "ceil_mode": True}
    x = rng.standard_normal((1, 6, 5, 3))
    dy = rng.standard_normal(ops.avg_pool2d(x, **words).shape)
    dx = ops.avg_pool2d_backward(dy, x.shape, **words)
    for at in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[at] = 1e-6
        slope = (np.vdot(ops.avg_pool2d(x + step, **words), dy) - np.vdot(ops.avg_pool2d(x - step, **words), dy)) / 2e-6
        np.testing.assert_allclose(dx[at], slope, rtol=1e-6, atol=1e-9)


def test_keras_same_divides_by_real_pixels() -> None:
    x = np.ones((1, 5, 5, 9), np.float32)
    np.testing.assert_array_equal(ops.avg_pool2d(x, 3, stride=2, padding="same"), np.ones((1, 3, 3, 9)))
    counted = ops.avg_pool2d(x, 3, stride=2, padding="same", count_include_pad=True)
    np.testing.assert_allclose(counted[0, 0, :, 0], [4 / 9, 6 / 9, 4 / 9], rtol=1e-6)


@pytest.mark.parametrize("channels", [1, 3, 16])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_special_values_stay_in_their_windows(channels: int, value: float) -> None:
    x = np.zeros((1, 8, 8, channels), np.float32)
    x[0, 2, 3] = value
    y = ops.avg_pool2d(x, 2)
    assert not np.isfinite(y[0, 1, 1]).any()
    assert np.isfinite(y).sum() == y.size - channels


def test_what_is_refused() -> None:
    x = np.zeros((1, 6, 6, 2), np.float32)
    for words in ({"divisor_override": 0}, {"divisor_override": 2.5}, {"count_include_pad": 1}, {"ceil_mode": None}):
        with pytest.raises(ParameterError, match=next(iter(words))):
            ops.avg_pool2d(x, **words)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="dy: expected shape"):
        ops.avg_pool2d_backward(np.zeros((1, 2, 3, 2)), (1, 6, 6, 2))
    assert ops.avg_pool2d(np.zeros((0, 6, 6, 2))).shape == (0, 3, 3, 2)
    assert ops.avg_pool2d_backward(np.zeros((0, 3, 3, 2)), (0, 6, 6, 2)).shape == (0, 6, 6, 2)
