"""Fifty steps of training, step by step against the float64 trainer."""

from __future__ import annotations

import numpy as np
import pytest

import convcore as keras
from convcore import runtime
from tests.checks import digest
from tests.reference import Array
from tests.trainer import Trainer, blobs

STEPS, BATCH = 50, 32
# One step's gradients in float32 are right to about 1e-6 of the largest; Adam divides each by its own size, so that a
# small one may turn the other way, and each step moves a weight by at most the learning rate. Measured: 3e-6.
LOSS_TOLERANCE = 2e-4


def network(seed: int) -> keras.Sequential:
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((14, 13, 1)),
            keras.layers.Conv2D(5, 3, activation="relu", bias_initializer=keras.initializers.RandomNormal(0, 0.05)),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(6, 3, activation="relu", bias_initializer=keras.initializers.RandomNormal(0, 0.05)),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation="softmax"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy")
    return model


def scalar(result: object) -> float:
    return float(np.ravel(np.asarray(result, dtype=np.float64))[0])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_losses_of_fifty_steps(seed: int) -> None:
    model = network(seed)
    oracle = Trainer(model.get_weights())
    ours, theirs = [], []
    for step in range(STEPS):
        x, labels = blobs(100 * seed + step, BATCH if step % 7 else BATCH - 5)
        ours.append(scalar(model.train_on_batch(x, labels)))
        theirs.append(oracle.train(x, labels))
        # Keras's train_on_batch returns the running mean of the epoch so far; the reset makes it the batch's own.
        model.reset_metrics()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LOSS_TOLERANCE)
    assert theirs[-1] < 0.9 * theirs[0]
    for weight, truth in zip(model.get_weights(), oracle.weights, strict=True):
        np.testing.assert_allclose(weight, truth, rtol=0, atol=1e-3)


def test_bits_do_not_depend_on_threads() -> None:
    hashes = set()
    for count in (1, 2, 3, 5):
        with runtime.threads(count):
            model = network(3)
            losses: list[Array] = [np.float64(scalar(model.train_on_batch(*blobs(step, 64)))) for step in range(8)]
            hashes.add(digest([*model.get_weights(), np.array(losses)]))
    assert len(hashes) == 1
