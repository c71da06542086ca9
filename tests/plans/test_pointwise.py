"""Steps element by element; `tests/ops/test_activations.py` and `test_losses.py` check what they compute."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convcore.plans import pointwise
from convcore.plans.steps import Steps
from tests.checks import normals
from tests.reference import Array


def run(x: Array, dy: Array, name: str, **fields: float | None) -> tuple[Array, Array]:
    """(y, dx) of an activation."""
    steps = Steps()
    places = [steps.external(x.nbytes, written=number >= 2) for number in range(4)]
    settings = pointwise.relu_fields(**fields) if name == "relu" else {}  # type: ignore[arg-type]
    pointwise.activation(steps, name, x.size, places[0], places[2], settings)
    pointwise.activation_backward(steps, name, x.size, places[1], places[0], places[2], places[3], settings)
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


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_losses_scale_smooth_and_weight(sparse: bool, from_logits: bool, smoothing: float) -> None:
    n, classes = 7, 5
    (logits,) = normals(3, (n, classes))
    rng = np.random.default_rng(4)
    ids, weights = rng.integers(0, classes, n).astype(np.int32), rng.random(n).astype(np.float32)
    rows = np.eye(classes, dtype=np.float32)[ids]
    probabilities = np.exp(logits - logits.max(1, keepdims=True), dtype=np.float32)
    probabilities /= probabilities.sum(1, keepdims=True)
    given = logits if from_logits else probabilities
    targets = ids if sparse else rows
    steps = Steps()
    places = [steps.external(a.nbytes) for a in (given, targets, weights)]
    gradient, loss = steps.external(given.nbytes, written=True), steps.external(weights.nbytes, written=True)
    kernel = "softmax_cross_entropy" if from_logits else "cross_entropy"
    scratch = [steps.reals(n * classes)] if from_logits else []
    pointwise.loss(
        steps, kernel, n, classes, *places, *scratch, gradient, loss,
        sparse=sparse, scale=0.25, smoothing=smoothing, from_logits=from_logits,
    )  # fmt: skip
    dx, each = np.empty_like(given), np.empty_like(weights)
    steps.build().run((given, targets, weights, dx, each))
    soft = rows.astype(np.float64) * (1 - smoothing) + smoothing / classes
    np.testing.assert_allclose(each, -(soft * np.log(probabilities)).sum(1) * weights, rtol=2e-5)
    # As in Keras, probabilities are divided by their sum, so that their gradient is orthogonal to them.
    truth = (probabilities - soft) if from_logits else 1 - soft / probabilities
    np.testing.assert_allclose(dx, 0.25 * weights[:, None] * truth, rtol=2e-4, atol=1e-6)
