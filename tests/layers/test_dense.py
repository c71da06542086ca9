"""Dense as a layer."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import layers, ops
from convcore.errors import ShapeError


@pytest.mark.parametrize("activation", [None, "relu", "sigmoid", "softmax"])
@pytest.mark.parametrize("shape", [(3, 6), (3, 4, 6)])
def test_a_call_acts_on_the_last_axis(activation: str | None, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    layer = layers.Dense(5, activation=activation, bias_initializer="random_normal")
    y = layer(x)
    assert layer.bias is not None
    expected = x.reshape(-1, 6) @ layer.kernel.numpy() + layer.bias.numpy()
    if activation is not None:
        expected = getattr(ops, activation)(expected)
    np.testing.assert_allclose(y, expected.reshape(*shape[:-1], 5), rtol=1e-5, atol=1e-6)


def test_gradients() -> None:
    rng = np.random.default_rng(1)
    x, dy = rng.integers(-4, 4, (3, 6)).astype(np.float32), rng.integers(-4, 4, (3, 2)).astype(np.float32)
    layer = layers.Dense(2, kernel_initializer="ones")
    layer.forward(x)
    np.testing.assert_array_equal(layer.backward(dy), dy @ layer.kernel.numpy().T)
    np.testing.assert_array_equal(layer.kernel.grad, x.T @ dy)
    assert layer.bias is not None
    np.testing.assert_array_equal(layer.bias.grad, dy.sum(axis=0))


def test_weights() -> None:
    layer = layers.Dense(5)
    layer.build((None, 7))
    assert [(weight.name, weight.shape) for weight in layer.weights] == [("kernel", (7, 5)), ("bias", (5,))]
    limit = np.sqrt(6 / 12)
    assert 0 < np.abs(layer.kernel.numpy()).max() <= limit


@pytest.mark.parametrize("shape", [(None, 0), (None, None), (3,)])
def test_features_must_be_there(shape: tuple[int | None, ...]) -> None:
    with pytest.raises(ShapeError):
        layers.Dense(5)._connect(shape)


def test_other_features_later() -> None:
    layer = layers.Dense(2)
    layer.build((None, 3))
    with pytest.raises(ShapeError, match="expected axis -1 of input shape to have value 3"):
        layer(np.zeros((1, 4)))


def test_config_makes_the_layer_again() -> None:
    layer = layers.Dense(3, "softmax", False, "he_uniform")
    assert layers.Dense.from_config(layer.get_config()).get_config() == layer.get_config()


def test_a_failed_layer_takes_no_name() -> None:
    from convcore import backend

    backend.reset_uids()
    with pytest.raises(ValueError, match="units"):
        layers.Dense(0)
    assert layers.Dense(1).name == "dense"
