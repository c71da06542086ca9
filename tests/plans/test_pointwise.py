"""Steps element by element; `tests/ops/test_activations.py` and `test_losses.py` check what they compute."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.plans import pointwise
from convcore.plans.steps import Steps
from tests.checks import normals


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
