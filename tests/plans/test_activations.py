"""Steps of activations; `tests/ops/test_activations.py` checks what they compute."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convcore.plans import activations
from convcore.plans.steps import Steps
from tests.checks import normals
from tests.plans.recorded import all_scratch_is_back, kernels
from tests.reference import Array


def run(x: Array, dy: Array, name: str, **settings: float | None) -> tuple[Array, Array]:
    """(y, dx) of an activation."""
    steps = Steps()
    places = [steps.external(x.nbytes, written=number >= 2) for number in range(4)]
    activations.activation(steps, name, settings, x.size, places[0], places[2])
    activations.activation_backward(steps, name, settings, x.size, places[1], places[0], places[2], places[3])
    y, dx = np.empty_like(x), np.empty_like(x)
    steps.build().run((x, dy, y, dx))
    return y, dx


@pytest.mark.parametrize(
    ("slope", "threshold", "top"),
    [(0.0, 0.0, None), (0.25, 0.0, None), (0.0, 0.5, None), (0.25, 0.5, None), (0.0, 0.0, 1.0), (0.25, 0.5, 1.5)],
)
def test_the_general_relu_and_its_gradient(slope: float, threshold: float, top: float | None) -> None:
    """Keras: x above the threshold, cut at max_value; slope * (x - threshold) below."""
    x, dy = normals(1, (1003,), (1003,))
    y, dx = run(x, dy, "relu", negative_slope=slope, threshold=threshold, max_value=top)
    most = math.inf if top is None else top
    above = x > threshold
    np.testing.assert_allclose(y, np.where(above, np.minimum(x, most), slope * (x - threshold)), rtol=1e-6, atol=1e-7)
    factor = np.where(above, np.where(x < most, 1.0, 0.0), slope)
    np.testing.assert_allclose(dx, dy * factor, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("slope", [0.0, 0.5])
@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_the_relu_at_its_threshold_is_zero(slope: float, threshold: float) -> None:
    """As in Keras, where x must be greater; a zero of either sign gives +0, and NaN stays NaN."""
    x = np.array([threshold, -threshold, threshold + 1e-6, np.nan, np.inf, -np.inf], np.float32)
    y, dx = run(x, np.ones_like(x), "relu", negative_slope=slope, threshold=threshold)
    expected = [0.0, slope * -2 * threshold, x[2], np.nan, np.inf, -np.inf if slope else 0.0]
    np.testing.assert_array_equal(y, np.array(expected, np.float32))
    assert not np.signbit(y[:1]).any()
    assert threshold or not np.signbit(y[:2]).any()
    np.testing.assert_array_equal(dx[:3], np.array([slope, slope, 1], np.float32))


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_curves_and_their_slopes(name: str) -> None:
    x, dy = normals(2, (1003,), (1003,))
    y, dx = run(x, dy, name)
    truth = np.tanh(x.astype(np.float64)) if name == "tanh" else 1 / (1 + np.exp(-x.astype(np.float64)))
    np.testing.assert_allclose(y, truth, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(dx, dy * (1 - truth**2 if name == "tanh" else truth * (1 - truth)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("inner", "turns"), [(1, 0), (5, 2)])
def test_softmax_inside_is_brought_to_the_end(inner: int, turns: int) -> None:
    steps = Steps()
    dy, y, dx = (steps.external(-1) for _ in range(3))
    activations.softmax_backward(steps, "log_softmax", 3, 4, inner, dy, y, dx)
    assert kernels(steps) == ["permute"] * turns + ["log_softmax_backward"] + ["permute"] * (turns // 2)
    assert all_scratch_is_back(steps)


@pytest.mark.parametrize(
    ("slopes", "expected"),
    [
        ((4, 5, 6), ["prelu_backward", "sum_rows"]),
        ((1, 1, 6), ["prelu_backward", "sum_rows"]),
        ((4, 1, 1), ["prelu_backward", "permute", "sum_rows"]),
    ],
)
def test_the_slopes_gradients_are_summed_over_what_shares_them(
    slopes: tuple[int, int, int], expected: list[str]
) -> None:
    steps = Steps()
    buffers = [steps.external(-1) for _ in range(5)]
    activations.prelu_backward(steps, 2, (4, 5, 6), slopes, *buffers)
    assert kernels(steps) == expected
    assert all_scratch_is_back(steps)
