"""The oracle that judges training must itself have right gradients and learn."""

from __future__ import annotations

import numpy as np
import pytest

from tests.trainer import Trainer, blobs


def trainer() -> Trainer:
    rng = np.random.default_rng(1)
    shapes = [(3, 3, 1, 5), (5,), (3, 3, 5, 6), (6,), (12, 4), (4,)]
    return Trainer([rng.normal(0, 0.3, shape) for shape in shapes])


def test_gradients_are_difference_quotients() -> None:
    oracle = trainer()
    x, labels = blobs(2, 4)
    _, gradients, _ = oracle.gradients(x, labels)
    rng = np.random.default_rng(3)
    for w, gradient in zip(oracle.weights, gradients, strict=True):
        for place in rng.choice(w.size, min(w.size, 6), replace=False):
            before = w.flat[place]
            losses = []
            for step in (1e-6, -1e-6):
                w.flat[place] = before + step
                losses.append(oracle.gradients(x, labels)[0])
            w.flat[place] = before
            assert gradient.flat[place] == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-5, abs=1e-8)


def test_it_learns() -> None:
    oracle = trainer()
    oracle.lr = 1e-2
    losses = [oracle.train(*blobs(number, 32)) for number in range(50)]
    assert losses[-1] < 0.5 * losses[0]
