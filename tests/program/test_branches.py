"""Graphs with branches: several inputs and outputs, values with several readers, parameters with several nodes.

Outputs and gradients are those of the graph in float64, whatever is joined, cut off, shared or given back.
"""

from __future__ import annotations

import numpy as np
import pytest

from convcore import runtime
from convcore.optimizers import SGD
from convcore.program import Feed, Graph, LossSpec, Runner, Value
from convcore.program.optimize import optimize
from convcore.variables import FlatParameters, Variable
from tests.checks import digest, normals
from tests.program.evaluate import evaluate
from tests.reference import Array

N, SIZE = 3, 8


class Branches:
    """A graph drawn with `seed`: each new node reads values drawn among all before."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.variables: list[Variable] = []
        self.graph = Graph((SIZE, SIZE, 2), (SIZE, SIZE, 3))
        maps = [self._conv(x) for x in self.graph.inputs]
        for _ in range(int(self.rng.integers(4, 12))):
            maps.append(self._draw(maps))
        ends = [self._end(self._pick(maps)) for _ in range(2)]
        self.graph.outputs = (*ends, self._pick(maps), maps[-1])
        self.parameters = FlatParameters(self.variables)
        self.runner = Runner(self.graph, self.parameters)
        self.xs = [self.rng.standard_normal((N, *x.shape)).astype(np.float32) for x in self.graph.inputs]

    def _pick(self, values: list[Value]) -> Value:
        return values[int(self.rng.integers(len(values)))]

    def _draw(self, maps: list[Value]) -> Value:
        x, y = self._pick(maps), self._pick(maps)
        kind = str(self.rng.choice(["conv", "conv", "relu", "tanh", "merge", "merge", "merge", "channels", "shared"]))
        if kind == "conv":
            return self._conv(x)
        if kind == "shared":
            return self._conv(x, shared=True)
        if kind == "merge":
            name = str(self.rng.choice(["add", "subtract", "multiply", "maximum", "minimum", "average"]))
            return self.graph.add(name, x, y, **({"divisor": 2.0} if name == "average" else {}))
        if kind == "channels":
            return self._conv(self.graph.add("concatenate", x, y, axis=2))
        return self.graph.add(kind, x)

    def _conv(self, x: Value, *, shared: bool = False) -> Value:
        weights = [v for v in self.variables if shared and v.shape == (3, 3, x.shape[2], 4)]
        kernel = weights[0] if weights else self._variable(3, 3, x.shape[2], 4)
        bias = self._variable(4)
        return self.graph.add("conv2d", x, parameters=(kernel, bias), padding="same", relu=self.rng.random() < 0.5)

    def _end(self, x: Value) -> Value:
        """A pool, perhaps joined with what is before it, its mean over the pixels as a gate, and a dense layer."""
        pooled = self.graph.add("max_pool2d", x)
        gate = self.graph.add("max_pool2d", pooled, pool_size=SIZE // 2)
        for axis in (0, 1):
            gate = self.graph.add("repeat", gate, axis=axis, times=SIZE // 2)
        flat = self.graph.add("reshape", self.graph.add("multiply", pooled, gate), shape=(pooled.size,))
        return self.graph.add("dense", flat, parameters=(self._variable(pooled.size, 3), None))

    def _variable(self, *shape: int) -> Variable:
        value = self.rng.standard_normal(shape) * np.sqrt(1 / max(1, np.prod(shape[:-1])))
        self.variables.append(Variable(value, name=f"w{len(self.variables)}"))
        return self.variables[-1]

    def gradients(self) -> tuple[list[Array], list[Array], list[Array]]:
        """(outputs, their gradients, gradients of the inputs and the variables)."""
        ys = self.runner.forward_all(self.xs, training=True)
        dys = list(normals(7, *(y.shape for y in ys)))
        dxs = self.runner.backward_all(dys)
        return ys, dys, [*dxs, *(variable.grad.copy() for variable in self.variables)]


@pytest.mark.parametrize("seed", range(60))
def test_outputs_and_gradients(seed: int) -> None:
    net = Branches(seed)
    ys, dys, gradients = net.gradients()
    points = [*net.xs, *(variable.numpy() for variable in net.variables)]
    wide = [point.astype(np.float64) for point in points]

    def outputs(at: list[Array]) -> list[Array]:
        return evaluate(net.graph, at[:2], dict(zip(net.variables, at[2:], strict=True)))

    for ours, again, theirs in zip(ys, net.runner.forward_all(net.xs), outputs(wide), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * (1 + np.abs(theirs).max()))
        np.testing.assert_array_equal(ours, again)
    step = 1e-6
    for number, gradient in enumerate(gradients):
        direction = np.random.default_rng(number).standard_normal(gradient.shape)
        sides = []
        for sign in (1, -1):
            moved = [*wide]
            moved[number] = wide[number] + sign * step * direction
            sides.append(sum(float((y * dy).sum()) for y, dy in zip(outputs(moved), dys, strict=True)))
        truth = (sides[0] - sides[1]) / (2 * step)
        scale = np.linalg.norm(gradient) * np.linalg.norm(direction)
        assert abs(float((gradient * direction).sum()) - truth) <= 1e-4 * (1 + scale), (number, gradient.shape)


def test_bits_do_not_depend_on_threads() -> None:
    hashes = set()
    for count in (1, 2, 3):
        with runtime.threads(count):
            net = Branches(4)
            ys, _, gradients = net.gradients()
            hashes.add(digest([*ys, *gradients]))
    assert len(hashes) == 1


def variable(*shape: int) -> Variable:
    return Variable(np.zeros(shape), name="w")


def test_what_has_two_readers_is_not_joined_away() -> None:
    graph = Graph((8, 8, 1))
    y = graph.add("conv2d", graph.input, parameters=(variable(3, 3, 1, 2), None))
    z = graph.add("max_pool2d", graph.add("relu", y))
    graph.outputs = (z,)
    assert [node.kind for node in optimize(graph)] == ["conv2d_pool"]
    graph.outputs = (z, y)
    assert [node.kind for node in optimize(graph)] == ["conv2d", "relu", "max_pool2d"]
    graph.outputs = (z, graph.nodes[1].output)
    first, second = optimize(graph)
    assert (first.kind, first.settings["relu"], second.kind) == ("conv2d", True, "max_pool2d")
    assert "read elsewhere" in first.settings["note"]
    assert "read elsewhere" in second.settings["note"]


def test_as_much_is_computed_as_the_reader_of_most_needs() -> None:
    graph = Graph((13, 13, 1))
    y = graph.add("conv2d", graph.input, parameters=(variable(3, 3, 1, 2), None))
    graph.outputs = (graph.add("max_pool2d", y, pool_size=4), graph.add("max_pool2d", y, pool_size=(3, 5)))
    assert optimize(graph)[0].output.shape == (9, 10, 2)
    graph.outputs = (*graph.outputs, graph.add("concatenate", y, y, axis=2))
    assert optimize(graph)[0].output.shape == (11, 11, 2)


def test_what_leads_to_no_output_is_left_out() -> None:
    graph = Graph((4,), (4,))
    y = graph.add("tanh", graph.inputs[0])
    graph.add("dense", graph.add("add", y, graph.inputs[1]), parameters=(variable(4, 2), None))
    graph.outputs = (y, graph.inputs[1])
    assert [node.kind for node in optimize(graph)] == ["tanh"]


def two_heads(optimizer: SGD, weights: list[float] | None = None, *, second: bool = True) -> tuple[Runner, Feed]:
    """Two dense heads on one dense layer: class ids for one, values for the other."""
    variables = [Variable(value, name=f"w{k}") for k, value in enumerate(normals(1, (5, 4), (4, 3), (4, 2)))]
    graph = Graph((5,))
    y = graph.add("dense", graph.input, parameters=(variables[0], None), relu=True)
    logits = graph.add("dense", y, parameters=(variables[1], None))
    graph.outputs = (graph.add("softmax", logits), graph.add("dense", y, parameters=(variables[2], None)))
    losses = [LossSpec("sparse_categorical_crossentropy"), LossSpec("mean_squared_error") if second else None]
    runner = Runner(graph, FlatParameters(variables), loss=losses, loss_weights=weights, optimizer=optimizer)
    x, values = normals(2, (9, 5), (9, 2))
    return runner, Feed(x, (np.arange(9) % 3, values if second else None))


@pytest.mark.parametrize("weights", [None, [0.25, 3.0]])
def test_losses_of_several_outputs_add_up(weights: list[float] | None) -> None:
    runner, feed = two_heads(SGD(0.0), weights)
    w, u, v = (variable.value.astype(np.float64) for variable in runner.parameters.variables)
    hidden = np.maximum(feed.x @ w, 0)
    rows, truth = np.exp(hidden @ u), feed.ys[1]
    assert truth is not None
    p, ids = rows / rows.sum(axis=1, keepdims=True), np.arange(9) % 3
    each = [-np.log(p[np.arange(9), ids]).mean(), ((hidden @ v - truth) ** 2).mean()]
    a, b = weights or [1.0, 1.0]
    assert runner.train(feed, 0, 9) == pytest.approx(a * each[0] + b * each[1], rel=1e-5)
    np.testing.assert_allclose(runner.each_loss, each, rtol=1e-5)
    np.testing.assert_allclose(runner.outputs[0], p, rtol=1e-4)
    dlogits, dvalues = a * (p - np.eye(3)[ids]) / 9, b * 2 * (hidden @ v - truth) / 18
    dhidden = (dlogits @ u.T + dvalues @ v.T) * (hidden > 0)
    for variable_, gradient in zip(
        runner.parameters.variables, (feed.x.T @ dhidden, hidden.T @ dlogits, hidden.T @ dvalues), strict=True
    ):
        np.testing.assert_allclose(variable_.grad, gradient, rtol=1e-3, atol=1e-5)
    assert runner.test(feed, 0, 9) == pytest.approx(a * each[0] + b * each[1], rel=1e-5)


def test_an_output_without_a_loss_trains_nothing_of_its_own() -> None:
    runner, feed = two_heads(SGD(0.5), second=False)
    before = [variable.numpy() for variable in runner.parameters.variables]
    runner.train(feed, 0, 9)
    changed = [
        not np.array_equal(variable.value, value)
        for variable, value in zip(runner.parameters.variables, before, strict=True)
    ]
    assert changed == [True, True, False]
    assert len(runner.predict_all(feed, 0, 4)) == 2
