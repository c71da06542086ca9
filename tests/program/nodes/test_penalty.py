"""What activity regularizers add to loss and gradients, in whole programs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import layers, runtime
from tests.checks import digest


def model(activation: str | None, penalty: Any) -> keras.Sequential:
    net = keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(6, activation=activation, activity_regularizer=penalty),
            layers.Dense(3),
        ]
    )
    rng = np.random.default_rng(5)
    net.set_weights([rng.normal(size=weight.shape) for weight in net.get_weights()])
    net.compile(keras.optimizers.SGD(0.1), "mse")
    return net


@pytest.mark.parametrize("activation", [None, "relu"])
def test_loss_and_step(activation: str | None) -> None:
    """Against float64: mse + (l1 * sum|h| + l2 * sum h^2) / n of the hidden values of a batch of n."""
    net = model(activation, keras.regularizers.L1L2(0.02, 0.03))
    w1, b1, w2, b2 = (w.astype(np.float64) for w in net.get_weights())
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(8, 4)).astype(np.float32), rng.normal(size=(8, 3)).astype(np.float32)
    h = x @ w1 + b1
    alive = np.ones_like(h) if activation is None else (h > 0).astype(float)
    h = h * alive
    error = h @ w2 + b2 - y
    loss = (error**2).mean() + (0.02 * np.abs(h).sum() + 0.03 * (h * h).sum()) / 8
    dy = 2 * error / error.size
    dh = (dy @ w2.T + (0.02 * np.sign(h) + 0.06 * h) / 8) * alive
    assert net.evaluate(x, y, verbose=0) == pytest.approx(loss, rel=1e-5)
    assert net.train_on_batch(x, y) == pytest.approx(loss, rel=1e-5)
    for ours, old, gradient in zip(
        net.get_weights(), (w1, b1, w2, b2), (x.T @ dh, dh.sum(0), h.T @ dy, dy.sum(0)), strict=True
    ):
        np.testing.assert_allclose(ours, old - 0.1 * gradient, atol=1e-5)


def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(70, 4)).astype(np.float32), rng.normal(size=(70, 3)).astype(np.float32)

    def after() -> str:
        net = model("tanh", "l1")
        net.fit(x, y, batch_size=32, epochs=2, shuffle=False, verbose=0)
        return digest(net.get_weights())

    expected = after()
    for count in (1, 2, 3):
        with runtime.threads(count):
            assert after() == expected


def test_without_a_loss_the_values_pass() -> None:
    penalized, plain = model("relu", "l2"), model("relu", None)
    x = np.random.default_rng(8).normal(size=(5, 4)).astype(np.float32)
    assert (penalized.predict(x, verbose=0) == plain.predict(x, verbose=0)).all()
    dy = np.ones((5, 3), np.float32)
    penalized.forward(x, training=True)
    plain.forward(x, training=True)
    assert (penalized.backward(dy) == plain.backward(dy)).all()
