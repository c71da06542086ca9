"""Fifty steps of training, step by step against the float64 trainer."""

from __future__ import annotations

import numpy as np
import pytest

import convcore as keras
from convcore import runtime
from convcore.program import Graph, Runner
from convcore.variables import FlatParameters, Variable
from tests import reference
from tests.checks import digest
from tests.reference import Array
from tests.trainer import Trainer, blobs

STEPS, BATCH = 50, 32
RATE = 1e-2
# Measured over seeds 0 to 3 and rates 1e-3 to 1e-2: 9e-8 for the loss, which is one rounding of it, 4.4e-7 for weights.
LOSS_TOLERANCE = 1e-6
WEIGHT_TOLERANCE = 5e-6


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
    model.compile(optimizer=keras.optimizers.Adam(RATE), loss="sparse_categorical_crossentropy")
    return model


def scalar(result: object) -> float:
    return float(np.ravel(np.asarray(result, dtype=np.float64))[0])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_losses_of_fifty_steps(seed: int) -> None:
    model = network(seed)
    oracle = Trainer(model.get_weights(), lr=RATE)
    ours, theirs = [], []
    for step in range(STEPS):
        x, labels = blobs(100 * seed + step, BATCH if step % 7 else BATCH - 5)
        ours.append(scalar(model.train_on_batch(x, labels)))
        theirs.append(oracle.train(x, labels))
        # Keras's train_on_batch returns the running mean of the epoch so far; the reset makes it the batch's own.
        model.reset_metrics()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LOSS_TOLERANCE)
    assert theirs[-1] < 0.5 * theirs[0]
    for weight, truth in zip(model.get_weights(), oracle.weights, strict=True):
        np.testing.assert_allclose(weight, truth, rtol=0, atol=WEIGHT_TOLERANCE)


@pytest.mark.parametrize("batch", [1, 7, 32, 65])
def test_gradients_of_one_batch(batch: int) -> None:
    """All six gradients and that of the image, through the same program that trains, but for loss and optimizer."""
    rng = np.random.default_rng(batch)
    variables = [
        Variable(rng.normal(0, 0.3, shape), name=f"w{number}")
        for number, shape in enumerate([(3, 3, 1, 5), (5,), (3, 3, 5, 6), (6,), (12, 4), (4,)])
    ]
    graph = Graph((14, 13, 1))
    y = graph.add("conv2d", graph.input, parameters=variables[:2], relu=True)
    y = graph.add("conv2d", graph.add("max_pool2d", y), parameters=variables[2:4])
    y = graph.add("max_pool2d", graph.add("relu", y))
    graph.output = graph.add("dense", graph.add("reshape", y, shape=(12,)), parameters=variables[4:])
    runner = Runner(graph, FlatParameters(variables))
    oracle = Trainer([variable.numpy() for variable in variables])
    x, labels = blobs(batch, batch)
    logits = runner.forward(x, training=True)
    _, dlogits = reference.softmax_cross_entropy(logits, labels)
    dx = runner.backward((dlogits / batch).astype(np.float32))
    _, gradients, true_dx = oracle.gradients(x, labels)
    for variable, truth in zip(variables, gradients, strict=True):
        np.testing.assert_allclose(variable.grad, truth, rtol=0, atol=4e-6 * np.abs(truth).max(), err_msg=variable.name)
    np.testing.assert_allclose(dx, true_dx, rtol=0, atol=4e-6 * np.abs(true_dx).max())


def test_bits_do_not_depend_on_threads() -> None:
    hashes = set()
    for count in (1, 2, 3, 5):
        with runtime.threads(count):
            model = network(3)
            losses: list[Array] = [np.float64(scalar(model.train_on_batch(*blobs(step, 64)))) for step in range(8)]
            hashes.add(digest([*model.get_weights(), np.array(losses)]))
    assert len(hashes) == 1
