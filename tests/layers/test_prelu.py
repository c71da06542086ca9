"""PReLU as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers, optimizers
from convcore.errors import ParameterError, ShapeError

X = np.random.default_rng(0).standard_normal((6, 4, 3, 5)).astype(np.float32)


@pytest.mark.parametrize("shared", [None, 1, 3, [1, 2], [1, 3], [2], (1, 2, 3)])
def test_values_and_gradients(shared: Any) -> None:
    layer = layers.PReLU(alpha_initializer="random_uniform", shared_axes=shared)
    y = layer(X)
    alpha = layer.get_weights()[0]
    axes = shared if isinstance(shared, (list, tuple)) else [shared]
    assert alpha.shape == tuple(1 if axis in axes else size for axis, size in enumerate(X.shape) if axis)
    np.testing.assert_allclose(y, np.where(X > 0, X, alpha * X), rtol=1e-6)
    dy = np.random.default_rng(1).standard_normal(X.shape).astype(np.float32)
    layer.forward(X)
    np.testing.assert_allclose(layer.backward(dy), dy * np.where(X > 0, 1, alpha), rtol=1e-6)
    shares = np.where(X > 0, 0, dy.astype(np.float64) * X)
    over = tuple(axis for axis in range(4) if axis == 0 or alpha.shape[axis - 1] == 1)
    np.testing.assert_allclose(layer.weights[0].grad, shares.sum(over, keepdims=True)[0], rtol=1e-4, atol=1e-4)


def test_it_starts_as_a_relu() -> None:
    np.testing.assert_array_equal(layers.PReLU()(X), np.maximum(X, 0))


def test_samples_of_another_shape() -> None:
    layer = layers.PReLU(shared_axes=[1, 2])
    layer(X)
    np.testing.assert_array_equal(layer(X[:, :2]), np.maximum(X[:, :2], 0))
    with pytest.raises(ShapeError, match="incompatible"):
        layer(X[..., :2])


@pytest.mark.parametrize("shared", [0, -1, "1", [1.0], 4, True])
def test_axes_that_are_none(shared: Any) -> None:
    with pytest.raises(ParameterError, match="shared_axes"):
        layers.PReLU(shared_axes=shared)(X)


def test_regularizer_and_constraint() -> None:
    layer = layers.PReLU("ones", alpha_regularizer="l2", alpha_constraint="non_neg", shared_axes=[1, 2])
    model = Sequential([layers.Input((4, 3, 5)), layer, layers.Flatten()])
    model.compile(optimizer=optimizers.SGD(1e-3), loss="mse")
    y = np.zeros((6, 60), np.float32)
    before = np.mean((np.float64(layer(X)).reshape(6, -1) - y) ** 2) + 0.01 * 5
    assert model.train_on_batch(X, y) == pytest.approx(before, rel=1e-5)
    slopes = np.ones((1, 1, 5))
    gradient = (2 * np.where(X > 0, 0, np.float64(X) ** 2)).sum((0, 1, 2)) / y.size + 0.02
    np.testing.assert_allclose(layer.get_weights()[0], slopes - 1e-3 * gradient, rtol=1e-5)
    layer.set_weights([-slopes])
    model.train_on_batch(X, y)
    np.testing.assert_array_equal(layer.get_weights()[0], np.zeros((1, 1, 5)))
    again = layers.PReLU.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.get_config()["alpha_constraint"]["class_name"] == "NonNeg"
