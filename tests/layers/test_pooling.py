"""Pooling layers over windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers, ops, utils
from convcore.errors import ParameterError, ShapeError


def test_defaults_are_those_of_keras() -> None:
    layer = layers.MaxPooling2D()
    assert (layer.pool_size, layer.strides, layer.padding, layer.built) == ((2, 2), (2, 2), "valid", True)
    assert layers.MaxPooling2D(3).strides == (3, 3)
    assert layers.MaxPooling2D(2, 2).strides == (2, 2)
    assert layers.MaxPool2D is layers.MaxPooling2D


@pytest.mark.parametrize("options", [{}, {"pool_size": 3, "strides": (2, 1)}, {"padding": "SAME"}])
def test_a_call_and_its_gradient_are_the_ops(options: dict[str, object]) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 7, 9, 3)).astype(np.float32)
    layer = layers.MaxPooling2D(**options)  # type: ignore[arg-type]
    geometry = {"pool_size": layer.pool_size, "stride": layer.strides, "padding": layer.padding}
    y, indices = ops.max_pool2d(x, **geometry, return_indices=True)  # type: ignore[call-overload]
    np.testing.assert_array_equal(layer(x), y)
    assert y.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_array_equal(layer.forward(x), y)
    dy = rng.integers(-8, 8, y.shape).astype(np.float32)
    np.testing.assert_array_equal(
        layer.backward(dy),
        ops.max_pool2d_backward(dy, indices, x.shape, **geometry),  # type: ignore[arg-type]
    )


def test_a_window_larger_than_the_image() -> None:
    with pytest.raises(
        ShapeError, match=r"zero or negative\. Received `inputs shape=\(1, 2, 2, 1\)`, `pool_size=\(5, 5\)"
    ):
        layers.MaxPooling2D(5)(np.zeros((1, 2, 2, 1)))


def test_one_image_without_batch() -> None:
    with pytest.raises(ShapeError, match=r"expected ndim=4, found ndim=3.*newaxis"):
        layers.MaxPooling2D()(np.zeros((28, 28, 1)))


def test_config_makes_the_layer_again() -> None:
    layer = layers.MaxPooling2D(3, (1, 2), "same", name="p")
    assert layers.MaxPooling2D.from_config(layer.get_config()).get_config() == layer.get_config()


WINDOWS = [layers.MaxPooling1D, layers.MaxPooling2D, layers.AveragePooling1D, layers.AveragePooling2D]


@pytest.mark.parametrize("kind", WINDOWS)
def test_signatures_are_those_of_keras(kind: Any) -> None:
    """pool_size is required where the mean is taken; the order is pool_size, strides, padding, data_format, name."""
    axes = 1 if kind.__name__.endswith("1D") else 2
    if kind.__name__.startswith("Average"):
        with pytest.raises(TypeError, match="pool_size"):
            kind()
    else:
        assert kind().pool_size == (2,) * axes
    layer = kind(3, 2, "SAME", "channels_first", "mine")
    assert layer.get_config() == {
        "name": "mine", "trainable": True, "dtype": "float32", "pool_size": (3,) * axes, "padding": "same",
        "strides": (2,) * axes, "data_format": "channels_first",
    }  # fmt: skip
    assert kind.from_config(layer.get_config()).get_config() == layer.get_config()
    assert layers.deserialize(layers.serialize(layer)).get_config() == layer.get_config()
    with pytest.raises(ParameterError, match=rf"`pool_size` argument must be a tuple of {axes} integers"):
        kind((2, 2, 2))
    with pytest.raises(ParameterError, match="data_format"):
        kind(2, data_format="NCHW")
    with pytest.raises(ParameterError, match="valid"):
        kind(2, padding="causal")


def test_aliases() -> None:
    assert (layers.MaxPool1D, layers.MaxPool2D) == (layers.MaxPooling1D, layers.MaxPooling2D)
    assert (layers.AvgPool1D, layers.AvgPool2D) == (layers.AveragePooling1D, layers.AveragePooling2D)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("kind", WINDOWS)
def test_values_shapes_and_gradients(kind: Any, layout: str, padding: str) -> None:
    rng = np.random.default_rng(1)
    line = kind.__name__.endswith("1D")
    x = rng.standard_normal((2, 9, 6) if line else (2, 9, 8, 6)).astype(np.float32)
    layer = kind(3, 2, padding, layout)
    name = f"{'max' if kind.__name__.startswith('Max') else 'avg'}_pool{'1d' if line else '2d'}"
    words: dict[str, Any] = {"stride": 2, "padding": padding, "data_format": layout}
    y = getattr(ops, name)(x, 3, **words)
    np.testing.assert_array_equal(layer(x), y)
    assert layer.compute_output_shape(x.shape) == y.shape
    assert layer.compute_output_shape((None, *x.shape[1:])) == (None, *y.shape[1:])
    dy = rng.standard_normal(y.shape).astype(np.float32)
    np.testing.assert_array_equal(layer.forward(x), y)
    if name.startswith("max"):
        _, indices = getattr(ops, name)(x, 3, return_indices=True, **words)
        dx = getattr(ops, f"{name}_backward")(dy, indices, x.shape, pool_size=3, **words)
    else:
        dx = getattr(ops, f"{name}_backward")(dy, x.shape, pool_size=3, **words)
    np.testing.assert_array_equal(layer.backward(dy), dx)


def net(pools: list[Any]) -> Sequential:
    """A convolution, pools and a dense layer, all linear, so that the loss is smooth where no maximum changes."""
    utils.set_random_seed(3)
    stack = [layers.Input((9, 10, 2)), layers.Conv2D(9, 3, padding="same"), *pools, layers.Flatten(), layers.Dense(2)]
    model = Sequential(stack)
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    "pools",
    [
        [layers.AveragePooling2D(2)],
        [layers.AveragePooling2D(3, 2, "same")],
        [layers.MaxPooling2D(3, 1, "same")],
        [layers.MaxPooling2D(2, data_format="channels_first")],
        [layers.GlobalAveragePooling2D()],
        [layers.GlobalMaxPooling2D(keepdims=True)],
        [layers.MaxPooling2D(3, 2), layers.AveragePooling2D(2, 1), layers.GlobalMaxPooling2D()],
    ],
    ids=lambda pools: "-".join(type(pool).__name__ for pool in pools),
)
def test_nets_with_pools_learn(pools: list[Any]) -> None:
    """The gradient of the whole net, by a step along it: the loss falls as much as its slope says."""
    rng = np.random.default_rng(2)
    model = net(pools)
    x, y = rng.standard_normal((16, 9, 10, 2)).astype(np.float32), rng.standard_normal((16, 2)).astype(np.float32)
    before, old = model.evaluate(x, y, verbose=0), model.get_weights()
    rate = 3e-5
    model.optimizer.learning_rate = rate
    model.train_on_batch(x, y)
    square = sum(float(((new - w) ** 2).sum()) for new, w in zip(model.get_weights(), old, strict=True)) / rate**2
    np.testing.assert_allclose(before - model.evaluate(x, y, verbose=0), rate * square, rtol=0.05)
    model.optimizer.learning_rate = 1e-3
    history = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]
