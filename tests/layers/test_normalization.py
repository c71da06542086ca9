"""BatchNormalization as a layer: Keras's semantics, values and gradients against NumPy in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers, runtime
from convcore.errors import NotSupportedError, ParameterError, ShapeError
from tests.checks import digest

X = np.random.default_rng(0).standard_normal((9, 7, 5, 6)).astype(np.float32) * 2 + 3
DY = np.random.default_rng(1).standard_normal(X.shape).astype(np.float32)


def filled(**options: Any) -> layers.BatchNormalization:
    layer = layers.BatchNormalization(gamma_initializer="random_normal", beta_initializer="random_normal", **options)
    layer.build(X.shape)
    return layer


@pytest.mark.parametrize("axis", [-1, 3, 1, 2, -3])
@pytest.mark.parametrize("options", [{}, {"center": False}, {"scale": False}, {"epsilon": 0.1, "momentum": 0.5}])
def test_training(axis: int, options: dict[str, Any]) -> None:
    layer = filled(axis=axis, **options)
    over = tuple(each for each in range(4) if each != axis % 4)
    wide, dy = X.astype(np.float64), DY.astype(np.float64)
    mean, variance = wide.mean(over, keepdims=True), wide.var(over, keepdims=True)
    inverse = 1 / np.sqrt(variance + options.get("epsilon", 1e-3))
    gamma = 1.0 if layer.gamma is None else layer.gamma.numpy().astype(np.float64).reshape(mean.shape)
    beta = 0.0 if layer.beta is None else layer.beta.numpy().astype(np.float64).reshape(mean.shape)
    unit = (wide - mean) * inverse
    np.testing.assert_allclose(layer.forward(X, training=True), unit * gamma + beta, rtol=1e-4, atol=2e-6)
    keep = options.get("momentum", 0.99)
    moving_mean, moving_variance = layer.get_weights()[-2:]
    np.testing.assert_allclose(moving_mean, (1 - keep) * mean.ravel(), rtol=1e-5)
    np.testing.assert_allclose(moving_variance, keep + (1 - keep) * variance.ravel(), rtol=1e-5)
    dx = layer.backward(DY)
    through = dy - dy.mean(over, keepdims=True) - unit * (dy * unit).mean(over, keepdims=True)
    np.testing.assert_allclose(dx, gamma * inverse * through, rtol=1e-3, atol=1e-6)
    if layer.gamma is not None:
        np.testing.assert_allclose(layer.gamma.grad, (dy * unit).sum(over), rtol=1e-4, atol=1e-4)
    if layer.beta is not None:
        np.testing.assert_allclose(layer.beta.grad, dy.sum(over), rtol=1e-4, atol=1e-4)


def test_the_gradient_is_the_difference_quotient() -> None:
    layer = filled()
    layer.forward(X, training=True)
    dx = layer.backward(DY)
    step, direction = 1e-2, np.random.default_rng(2).standard_normal(X.shape)
    up, down = (layer.forward((X + sign * step * direction).astype(np.float32)) for sign in (1, -1))
    quotient = ((up.astype(np.float64) - down) * DY).sum() / (2 * step)
    assert (dx * direction).sum() == pytest.approx(quotient, rel=1e-2)


def test_inference_takes_the_moving_statistics() -> None:
    layer = filled(moving_mean_initializer="random_normal", moving_variance_initializer="random_uniform", epsilon=1.0)
    gamma, beta, mean, variance = layer.get_weights()
    truth = (X - mean) / np.sqrt(variance + 1.0) * gamma + beta
    np.testing.assert_allclose(layer(X), truth, rtol=1e-5, atol=1e-6)
    layer.trainable = False
    assert layer.trainable_weights == []
    np.testing.assert_allclose(layer(X, training=True), truth, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(layer.get_weights()[2], mean)
    layer.forward(X, training=True)
    np.testing.assert_allclose(layer.backward(DY), DY * gamma / np.sqrt(variance + 1.0), rtol=1e-5, atol=1e-6)


def test_weights_are_in_the_order_of_keras() -> None:
    layer = filled()
    assert [variable.name for variable in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert len(layer.trainable_weights) == 2
    assert layer.count_params() == 24


def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    digests = set()
    layer = filled()
    start = layer.get_weights()
    for count in (1, 2, 3):
        with runtime.threads(count):
            layer.set_weights(start)
            y = layer.forward(X, training=True)
            digests.add(digest([y, layer.backward(DY), *(v.grad.copy() for v in layer.trainable_weights)]))
    assert len(digests) == 1


def test_a_network_with_it_learns() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((256, 6, 6, 2)).astype(np.float32)
    y = (x.mean((1, 2, 3)) > 0).astype(np.int64)
    model = Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(8, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=12, verbose=0).history
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    assert model.layers[1].get_weights()[2].any()


def test_what_is_not_supported_and_what_is_wrong() -> None:
    for options in ({"renorm": True}, {"synchronized": True}, {"renorm_clipping": {}}):
        with pytest.raises(NotSupportedError, match=next(iter(options))):
            layers.BatchNormalization(**options)
    for options in ({"axis": 1.5}, {"epsilon": -1.0}, {"momentum": "a"}):  # type: ignore[dict-item]
        with pytest.raises(ParameterError, match=next(iter(options))):
            layers.BatchNormalization(**options)
    for axis in (0, 4, -5):
        with pytest.raises(ShapeError, match="out of bounds"):
            layers.BatchNormalization(axis=axis)(X)
