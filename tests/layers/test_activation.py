"""Activation, ReLU and Softmax as layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import activations, layers
from convcore.errors import NotSupportedError, ParameterError
from convcore.layers.activation import activate
from convcore.program import Graph

X = np.random.default_rng(0).standard_normal((4, 3, 5)).astype(np.float32) * 2


@pytest.mark.parametrize("name", [name for name in activations._FUNCTIONS if name != "threshold"])
def test_activation_is_the_function(name: str) -> None:
    layer = layers.Activation(name)
    np.testing.assert_allclose(layer(X), activations.get(name)(X), rtol=1e-6, atol=1e-7)
    assert layers.Activation.from_config(layer.get_config()).activation is layer.activation


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softmax", "linear"])
def test_gradients_by_central_differences(name: str) -> None:
    layer = layers.Activation(name)
    x = X[0].astype(np.float64)
    dy = np.random.default_rng(1).standard_normal(x.shape)
    layer.forward(x)
    dx = layer.backward(dy)
    step = 1e-6
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        function = activations.get(name)
        slope = ((function(up) - function(down)) * dy).sum() / (2 * step)
        assert abs(dx[index] - slope) < 1e-4


@pytest.mark.parametrize(
    "options",
    [{}, {"max_value": 1.0}, {"negative_slope": 0.25}, {"max_value": 2.0, "negative_slope": 0.5, "threshold": 0.5}],
)
def test_relu_variants(options: dict[str, float]) -> None:
    layer = layers.ReLU(**options)
    np.testing.assert_allclose(layer(X), activations.relu(X, **options), rtol=1e-6)
    dy = np.ones_like(X)
    layer.forward(X)
    threshold = options.get("threshold", 0.0)
    slope = np.where(threshold > X, options.get("negative_slope", 0.0), 1.0)
    slope[options.get("max_value", np.inf) <= X] = 0.0
    np.testing.assert_allclose(layer.backward(dy), slope, rtol=1e-6)
    assert layers.ReLU.from_config(layer.get_config()).get_config() == layer.get_config()


def test_softmax_on_the_last_axis_by_either_name() -> None:
    np.testing.assert_array_equal(layers.Softmax()(X), layers.Softmax(axis=2)(X))
    np.testing.assert_allclose(layers.Softmax()(X).sum(-1), 1.0, rtol=1e-6)


@pytest.mark.parametrize("axis", [1, 2, -2, [1], (1, 2), (-1, 1)])
def test_softmax_along_other_axes(axis: Any) -> None:
    x = X[..., None] * np.float32([1, 2])
    wide = x.astype(np.float64)
    axes = tuple(axis) if isinstance(axis, (list, tuple)) else axis
    e = np.exp(wide - wide.max(axes, keepdims=True))
    truth = e / e.sum(axes, keepdims=True)
    layer = layers.Softmax(axis=axis)
    np.testing.assert_allclose(layer(x), truth, rtol=1e-5)
    (dy,) = (np.random.default_rng(2).standard_normal(x.shape),)
    layer.forward(x)
    np.testing.assert_allclose(layer.backward(dy), truth * (dy - (dy * truth).sum(axes, keepdims=True)), atol=1e-5)


@pytest.mark.parametrize("axis", [0, (0, 1), -3])
def test_softmax_over_the_batch_is_refused(axis: Any) -> None:
    with pytest.raises(NotSupportedError, match="axis"):
        layers.Softmax(axis=axis)(X)


@pytest.mark.parametrize("axis", [3, -4, (1, 7)])
def test_an_axis_is_one_of_the_input(axis: Any) -> None:
    with pytest.raises(ParameterError, match="axis"):
        layers.Softmax(axis=axis)(X)


@pytest.mark.parametrize("axis", ["last", 1.0, True, None])
def test_an_axis_is_an_integer(axis: Any) -> None:
    with pytest.raises(ParameterError, match="axis"):
        layers.Softmax(axis=axis)


def test_a_mask_is_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match="argument `mask` of keras.layers.Softmax"):
        layers.Softmax()(X, mask=np.ones(X.shape, bool))  # type: ignore[arg-type]
    np.testing.assert_array_equal(layers.Softmax()(X, mask=None), layers.Softmax()(X))


def test_a_graph_gets_a_node_for_all_but_linear() -> None:
    graph = Graph((3,))
    assert activate(graph, graph.input, activations.get("linear")) is graph.input
    y = activate(graph, graph.input, activations.get("tanh"))
    assert [(node.kind, node.output) for node in graph.nodes] == [("tanh", y)]


def test_leaky_relu_and_elu() -> None:
    np.testing.assert_allclose(layers.LeakyReLU()(X), np.where(X > 0, X, 0.3 * X), rtol=1e-6)
    np.testing.assert_allclose(layers.ELU(0.5)(X), np.where(X > 0, X, 0.5 * np.expm1(X)), rtol=1e-6)
    with pytest.warns(UserWarning, match="Use `negative_slope` instead"):
        assert layers.LeakyReLU(alpha=0.1).get_config()["negative_slope"] == 0.1
    for slope in (None, -0.1, "a"):
        with pytest.raises(ParameterError, match="negative_slope value of a Leaky ReLU layer cannot be None"):
            layers.LeakyReLU(slope)  # type: ignore[arg-type]


def test_a_layer_as_the_activation_of_another() -> None:
    layer = layers.Dense(4, activation=layers.LeakyReLU(0.1))
    y = layer(X)
    twin = layers.Dense.from_config(layer.get_config())
    twin.build((None, 3, 5))
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(twin(X), y)
    assert (y < 0).any()
    with pytest.raises(NotSupportedError, match="weights as an activation"):
        layers.Dense(4, activation=layers.PReLU())(X)


@pytest.mark.parametrize("name", ["gelu", "elu", "softplus", "hard_swish", "log_softmax"])
def test_names_in_other_layers(name: str) -> None:
    layer, plain = layers.Dense(4, activation=name), layers.Dense(4)
    y = layer(X)
    plain.build((None, 3, 5))
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(y, activations.get(name)(plain(X)), rtol=1e-6, atol=1e-7)
