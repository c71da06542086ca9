"""A linear model trained by an optimizer of ours, and by a formula in float64."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

import convcore as keras
from convcore import layers
from convcore.optimizers import Optimizer

Vector = npt.NDArray[np.float64]
Step = Callable[[Vector, Vector, int], Vector]


def compare(optimizer: Optimizer, step: Step, steps: int = 12) -> None:
    """Train the same weights by `optimizer` and by ``step(w, g, t)``, t from 1, on the same batch, and compare."""
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(16, 5)), rng.normal(size=(16, 3))
    model = keras.Sequential([layers.Input((5,)), layers.Dense(3, use_bias=False)])
    kernel = rng.normal(size=(5, 3)).astype(np.float32)
    model.set_weights([kernel])
    model.compile(optimizer, "mse")
    expected = kernel.astype(np.float64)
    for t in range(1, steps + 1):
        model.train_on_batch(x.astype(np.float32), y.astype(np.float32))
        gradient = 2.0 * x.T @ (x @ expected - y) / y.size
        expected = step(expected.ravel(), gradient.ravel(), t).reshape(expected.shape)
    assert np.abs(expected - kernel).max() > 1e-3  # it did move
    np.testing.assert_allclose(model.get_weights()[0], expected, rtol=0, atol=2e-5)
    assert optimizer.iterations == steps
