"""Each kind of node, alone: its output against the naive definition, its gradients against those of the definition."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from convcore.errors import ShapeError
from convcore.program import Graph, Runner, Value
from convcore.program.nodes import NODES
from convcore.variables import FlatParameters, Variable
from tests import reference, sliding
from tests.checks import normals
from tests.reference import Array

N = 11
SAME = ((1, 1), (1, 1))


def run(append: Callable[[Graph], Value], x: Array, *variables: Variable) -> tuple[Array, Array, Array]:
    """(y, dy, dx) of a graph of one node for images `x` and a random dy; fills the gradients of `variables`."""
    graph = Graph(x.shape[1:])
    graph.output = append(graph)
    runner = Runner(graph, FlatParameters(variables))
    y = runner.forward(x, training=True)
    np.testing.assert_array_equal(runner.forward(x), y)
    runner.forward(x, training=True)
    (dy,) = normals(9, y.shape)
    return y, dy, runner.backward(dy)


def close(ours: Array, theirs: Array) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * (1 + np.abs(theirs).max()))


def parameters(*shapes: tuple[int, ...]) -> list[Variable]:
    return [Variable(value, name=f"w{number}") for number, value in enumerate(normals(3, *shapes))]


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("with_bias", [False, True])
def test_conv2d(relu: bool, with_bias: bool) -> None:
    (x,) = normals(1, (N, 7, 6, 3))
    kernel, bias = parameters((3, 3, 3, 5), (5,))
    given = (kernel, bias) if with_bias else (kernel, None)
    activation = "relu" if relu else "linear"
    y, dy, dx = run(lambda g: g.conv2d(g.input, *given, stride=2, padding=1, activation=activation), x, kernel, bias)
    options = {"stride": (2, 2), "pads": SAME}
    truth = sliding.conv2d(x, kernel.value, bias.value if with_bias else None, **options)
    close(y, np.maximum(truth, 0) if relu else truth)
    if relu:
        dy = dy * (y > 0)
    close(dx, sliding.conv2d_backward_data(dy, kernel.value, x.shape, **options))
    dw, db = sliding.conv2d_backward_weights(x, dy, (3, 3), **options)
    close(kernel.grad, dw)
    close(bias.grad, db if with_bias else np.zeros(5))


@pytest.mark.parametrize("channels", [1, 3, 24])
@pytest.mark.parametrize("filters", [4, 32])
def test_conv2d_with_its_pool(channels: int, filters: int) -> None:
    """One joined node; the sums of Winograd's transforms differ in the last bits."""
    (x,) = normals(1, (N, 11, 9, channels))
    kernel, bias = parameters((3, 3, channels, filters), (filters,))

    def append(g: Graph) -> Value:
        y = g.conv2d(g.input, kernel, bias, stride=1, padding="valid", activation="relu")
        return g.max_pool2d(y, 2, 2, "valid")

    y, dy, dx = run(append, x, kernel, bias)
    options = {"stride": (1, 1), "pads": ((0, 0), (0, 0))}
    inner = np.maximum(sliding.conv2d(x, kernel.value, bias.value, **options), 0)
    truth, indices = sliding.max_pool2d(inner, (2, 2), stride=(2, 2), pads=((0, 0), (0, 0)))
    close(y, truth)
    inner_dy = sliding.max_pool2d_backward(dy, indices, inner.shape) * (inner > 0)
    close(dx, sliding.conv2d_backward_data(inner_dy, kernel.value, x.shape, **options))
    dw, db = sliding.conv2d_backward_weights(x, inner_dy, (3, 3), **options)
    close(kernel.grad, dw)
    close(bias.grad, db)


def test_max_pool2d() -> None:
    (x,) = normals(1, (N, 8, 7, 3))
    y, dy, dx = run(lambda g: g.max_pool2d(g.input, 3, 2, "same"), x)
    pads = reference.resolve_pads("same", (8, 7), (3, 3), (2, 2))
    truth, indices = sliding.max_pool2d(x, (3, 3), stride=(2, 2), pads=pads)
    np.testing.assert_array_equal(y, truth)
    close(dx, sliding.max_pool2d_backward(dy, indices, x.shape))


@pytest.mark.parametrize("shape", [(6,), (4, 6), (2, 3, 6)])
@pytest.mark.parametrize("relu", [False, True])
def test_dense_acts_on_the_last_axis(shape: tuple[int, ...], relu: bool) -> None:
    (x,) = normals(1, (N, *shape))
    kernel, bias = parameters((6, 5), (5,))
    y, dy, dx = run(lambda g: g.dense(g.input, kernel, bias, activation="relu" if relu else "linear"), x, kernel, bias)
    truth = x @ kernel.value + bias.value
    close(y, np.maximum(truth, 0) if relu else truth)
    if relu:
        dy = dy * (y > 0)
    close(dx, dy @ kernel.value.T)
    close(kernel.grad, x.reshape(-1, 6).T @ dy.reshape(-1, 5))
    close(bias.grad, dy.reshape(-1, 5).sum(axis=0))


@pytest.mark.parametrize("shape", [(5,), (3, 5), (4, 3, 5)])
def test_pointwise_kinds(shape: tuple[int, ...]) -> None:
    (x,) = normals(1, (N, *shape))
    wide = x.astype(np.float64)
    sigmoid, tanh, soft = 1 / (1 + np.exp(-wide)), np.tanh(wide), reference.softmax(wide)
    for name, truth, slope in (
        ("sigmoid", sigmoid, sigmoid * (1 - sigmoid)),
        ("tanh", tanh, 1 - tanh**2),
        ("relu", np.maximum(wide, 0), (wide > 0) * 1.0),
    ):
        y, dy, dx = run(lambda g, name=name: g.activation(g.input, name), x)
        close(y, truth)
        close(dx, dy * slope)
    y, dy, dx = run(lambda g: g.activation(g.input, "softmax"), x)
    close(y, soft)
    close(dx, soft * (dy - (dy * soft).sum(axis=-1, keepdims=True)))
    y, dy, dx = run(lambda g: g.scale_shift(g.input, 3.0, -1.0), x)
    close(y, 3 * x - 1)
    close(dx, 3 * dy)
    y, dy, dx = run(lambda g: g.reshape(g.input, (x[0].size,)), x)
    np.testing.assert_array_equal(y, x.reshape(N, -1))
    np.testing.assert_array_equal(dx, dy.reshape(x.shape))


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.5, 1.0])
def test_dropout(rate: float) -> None:
    x = np.ones((200, 30), np.float32)
    graph = Graph((30,))
    graph.output = graph.dropout(graph.input, rate, 7)
    runner = Runner(graph, FlatParameters([]))
    np.testing.assert_array_equal(runner.forward(x), x)
    y = runner.forward(x, training=True)
    dx = runner.backward(2 * x)
    np.testing.assert_allclose(dx, 2 * y)  # the mask of the forward pass
    assert set(np.unique(y).round(5)) <= {0.0, np.float32(1 / (1 - rate)).round(5) if rate < 1 else 0.0}
    assert (y == 0).mean() == pytest.approx(rate, abs=0.03)
    again = runner.forward(x, training=True)
    assert (rate in (0.0, 1.0)) == np.array_equal(y, again)


def test_dropouts_of_one_seed_have_masks_of_their_own() -> None:
    x = np.ones((100, 30), np.float32)
    graph = Graph((30,))
    first = graph.dropout(graph.input, 0.5, 7)
    graph.output = graph.dropout(first, 0.5, 7)
    y = Runner(graph, FlatParameters([])).forward(x, training=True)
    assert (y > 0).mean() == pytest.approx(0.25, abs=0.04)


class Wrong:
    """A custom layer whose results have another shape than promised."""

    def __init__(self, direction: str) -> None:
        self.direction = direction

    def forward(self, x: Array, training: bool = False) -> Array:
        return x[:, :1] if self.direction == "forward" else x

    def backward(self, dy: Array) -> Array:
        return dy[:, :1]


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_custom_layers_keep_their_promise(direction: str) -> None:
    with pytest.raises(ShapeError, match=rf"Wrong\.{direction} returned shape \(4, 1\), expected \(4, 3\)"):
        run(lambda g: g.python(g.input, Wrong(direction), (3,)), np.ones((4, 3), np.float32))


class Remembers:
    """A custom layer that writes into what it is given and keeps it."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self.training = training
        self.x = x
        x *= 2
        return x

    def backward(self, dy: Array) -> Array:
        return dy * self.x


def test_custom_layers_own_what_they_are_given() -> None:
    x = np.ones((4, 3), np.float32)
    layer = Remembers()
    graph = Graph((3,))
    y = graph.python(graph.relu(graph.input), layer, (3,))
    graph.output = graph.scale_shift(y, 3.0, 0.0)
    runner = Runner(graph, FlatParameters([]))
    np.testing.assert_array_equal(runner.forward(x), 6 * x)
    assert layer.training is False
    runner.forward(x, training=True)
    assert layer.training is True
    np.testing.assert_array_equal(x, np.ones((4, 3)))
    np.testing.assert_array_equal(runner.backward(x), 6 * x)
    np.testing.assert_array_equal(layer.x, 2 * x)  # the arena's memory, used again, is not the layer's


def test_every_kind_that_a_graph_makes_is_known() -> None:
    assert set(NODES) == {
        "conv2d", "conv2d_pool", "dense", "dropout", "max_pool2d", "python", "relu", "reshape", "scale_shift",
        "sigmoid", "softmax", "tanh",
    }  # fmt: skip
