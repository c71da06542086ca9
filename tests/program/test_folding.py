"""Batch normalizations folded into the convolutions before them, against float64, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convcore import ops
from convcore.program import Graph, Runner, Value
from convcore.program.explain import explain
from convcore.program.optimize import optimize
from convcore.variables import FlatParameters, Variable
from tests.checks import normals
from tests.reference import Array

EPSILON = 1e-3
SETTINGS = {"epsilon": EPSILON, "momentum": 0.9, "learning": True}


class Chain:
    """Convolutions, each with a normalization behind it, with random parameters."""

    def __init__(self, *shape: int) -> None:
        self.graph = Graph(shape)
        self.variables: list[Variable] = []
        self.rng = np.random.default_rng(0)

    def variable(self, *shape: int, low: float = -1.0) -> Variable:
        values = self.rng.uniform(low, 1.0, shape).astype(np.float32)
        self.variables.append(Variable(values, name=f"v{len(self.variables)}"))
        return self.variables[-1]

    def conv(self, x: Value, filters: int, side: int = 3, *, bias: bool = True, **settings: Any) -> Value:
        groups = settings.get("groups", 1)
        w = self.variable(side, side, x.shape[-1] // groups, filters)
        return self.graph.add("conv2d", x, parameters=(w, self.variable(filters) if bias else None), **settings)

    def norm(self, x: Value, *, gamma: bool = True, beta: bool = True) -> Value:
        (c,) = x.shape[-1:]
        scale, shift = self.variable(c) if gamma else None, self.variable(c) if beta else None
        moving = self.variable(c), self.variable(c, low=0.05)
        return self.graph.add("batch_norm", x, parameters=(scale, shift, *moving), **SETTINGS)

    def runner(self, *outputs: Value) -> Runner:
        self.graph.outputs = outputs
        return Runner(self.graph, FlatParameters(self.variables))


def normalized(y: Array, norm: tuple[Variable | None, ...]) -> tuple[Array, Array]:
    """What the normalization makes of y, and its scale, in float64."""
    gamma, beta, mean, variance = (None if v is None else v.value.astype(np.float64) for v in norm)
    assert mean is not None
    assert variance is not None
    scale = (1.0 if gamma is None else gamma) / np.sqrt(variance + EPSILON)
    return (y - mean) * scale + (0.0 if beta is None else beta), scale


@pytest.mark.parametrize(
    ("filters", "channels", "settings"),
    [
        (5, 3, {}),
        (5, 3, {"padding": "same", "stride": 2}),
        (6, 6, {"groups": 6}),
        (8, 4, {"groups": 2, "dilation": 2}),
        (7, 3, {"bias": False}),
    ],
)
@pytest.mark.parametrize(("gamma", "beta"), [(True, True), (False, False)])
def test_values_are_within_the_rounding_of_the_sums(
    filters: int, channels: int, settings: dict[str, Any], gamma: bool, beta: bool
) -> None:
    chain = Chain(12, 11, channels)
    y = chain.norm(chain.conv(chain.graph.input, filters, **settings), gamma=gamma, beta=beta)
    runner = chain.runner(y)
    assert [node.kind for node in optimize(chain.graph, fold=True)] == ["conv2d"]
    (x,) = normals(1, (9, 12, 11, channels))
    conv, norm = chain.graph.nodes
    w, b = (None if v is None else v.value.astype(np.float64) for v in conv.parameters)
    assert w is not None
    words = {name: value for name, value in settings.items() if name != "bias"}
    wide = x.astype(np.float64)
    exact, scale = normalized(ops.conv2d(wide, w, b, **words), norm.parameters)
    # Every product, sum and factor rounds once, and the parameters' own factors a few times more.
    terms = w[..., 0].size + 12
    mean = norm.parameters[2]
    assert mean is not None
    sizes = ops.conv2d(np.abs(wide), np.abs(w), None, **words) + (0 if b is None else np.abs(b)) + np.abs(mean.value)
    bound = terms * 2.0**-24 * (sizes * np.abs(scale) + np.abs(exact))
    assert (np.abs(runner.forward(x) - exact) <= bound).all()


def chain_of_all(relu: bool) -> tuple[Chain, Value]:
    chain = Chain(24, 24, 16)
    y = chain.norm(chain.conv(chain.graph.input, 16, padding="same"))
    y = chain.graph.add("max_pool2d", chain.graph.add("relu", y) if relu else y)
    y = chain.norm(chain.conv(y, 32, bias=False))
    y = chain.graph.add("relu", y)
    return chain, chain.norm(chain.conv(y, 8, 1))


@pytest.mark.parametrize("relu", [False, True])
def test_chains_with_relu_and_pool_by_any_algorithm(relu: bool) -> None:
    chain, y = chain_of_all(relu)
    runner = chain.runner(y)
    assert [node.kind for node in optimize(chain.graph, fold=True)] == ["conv2d_pool", "conv2d", "conv2d"]
    (x,) = normals(1, (7, 24, 24, 16))
    expected = x.astype(np.float64)
    for node in chain.graph.nodes:
        if node.kind == "conv2d":
            w, b = (None if v is None else v.value.astype(np.float64) for v in node.parameters)
            padding = "same" if node is chain.graph.nodes[0] else "valid"
            expected = ops.conv2d(expected, w, b, padding=padding)
        elif node.kind == "batch_norm":
            expected, _ = normalized(expected, node.parameters)
        elif node.kind == "relu":
            expected = np.maximum(expected, 0)
        else:
            expected = ops.max_pool2d(expected, 2)
    tolerance = 3e-5 * np.abs(expected).max()
    for _ in range(2):  # the second time with what the first one kept
        np.testing.assert_allclose(runner.forward(x), expected, rtol=0, atol=tolerance)
    # What changes is seen at once: a weight, a scale, a statistic.
    results = [runner.forward(x)]
    for variable in (chain.variables[0], chain.variables[2], chain.variables[4]):
        variable.value[...] *= 2
        results.append(runner.forward(x))
        assert not np.array_equal(results[-1], results[-2])
    np.testing.assert_array_equal(Runner(chain.graph, FlatParameters(chain.variables)).forward(x), results[-1])


def test_a_layer_that_comes_twice_has_weights_for_each_normalization() -> None:
    chain = Chain(20, 20, 16)
    w = chain.variable(3, 3, 16, 16)
    y = chain.graph.input
    for _ in range(2):
        y = chain.norm(chain.graph.add("conv2d", y, parameters=(w, None), padding="same"))
    y = chain.graph.add("conv2d", y, parameters=(w, None), padding="same")
    (x,) = normals(1, (3, 20, 20, 16))
    runner = chain.runner(y)
    expected = x.astype(np.float64)
    for node in chain.graph.nodes:
        if node.kind == "conv2d":
            expected = ops.conv2d(expected, w.value.astype(np.float64), None, padding="same")
        else:
            expected, _ = normalized(expected, node.parameters)
    for _ in range(2):
        np.testing.assert_allclose(runner.forward(x), expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def relu_between(chain: Chain) -> Value:
    return chain.norm(chain.graph.add("relu", chain.conv(chain.graph.input, 4)))


def relu_in_the_layer(chain: Chain) -> Value:
    return chain.norm(chain.conv(chain.graph.input, 4, relu=True))


def many_weights(chain: Chain) -> Value:
    return chain.norm(chain.conv(chain.graph.input, 4, 9))


def twice(chain: Chain) -> Value:
    return chain.norm(chain.norm(chain.conv(chain.graph.input, 4)))


@pytest.mark.parametrize(
    ("build", "kept", "why"),
    [
        (relu_between, 1, "no convolution right before it"),
        (relu_in_the_layer, 1, "what is between them is no convolution"),
        (many_weights, 1, "few pixels for so many weights"),
        (twice, 1, "what is between them is no convolution"),
    ],
)
def test_what_stays_apart_says_why(build: Callable[[Chain], Value], kept: int, why: str) -> None:
    chain = Chain(10, 10, 5)
    chain.graph.output = build(chain)
    left = [node for node in optimize(chain.graph, fold=True) if node.kind == "batch_norm"]
    assert [node.settings["note"] for node in left] == [f"not folded into a convolution: {why}"] * kept
    assert not any(node.norm for node in optimize(chain.graph))


def test_what_is_read_elsewhere_stays() -> None:
    chain = Chain(10, 10, 5)
    first = chain.conv(chain.graph.input, 4)
    runner = chain.runner(first, chain.norm(first))
    assert [node.kind for node in optimize(chain.graph, fold=True)] == ["conv2d", "batch_norm"]
    (x,) = normals(1, (3, 10, 10, 5))
    y, z = runner.forward_all([x])
    expected, _ = normalized(y.astype(np.float64), chain.graph.nodes[1].parameters)
    np.testing.assert_allclose(z, expected, rtol=1e-5, atol=1e-5)


def test_exact_maths_normalizes_what_the_convolution_gave() -> None:
    """To the bit, with the float32 steps one after the other."""
    chain = Chain(10, 10, 5)
    first = chain.conv(chain.graph.input, 4)
    second = chain.norm(first)
    (x,) = normals(1, (3, 10, 10, 5))
    expected = chain.runner(first, second).forward_all([x])[1]
    runner = chain.runner(second)
    runner.chosen_math = "exact"
    np.testing.assert_array_equal(runner.forward(x), expected)
    runner.chosen_math = "fast"
    np.testing.assert_allclose(runner.forward(x), expected, rtol=1e-4, atol=1e-5)


def test_bits_do_not_depend_on_how_a_batch_is_split() -> None:
    chain, y = chain_of_all(True)
    runner = chain.runner(y)
    (x,) = normals(1, (7, 24, 24, 16))
    whole = runner.forward(x)
    np.testing.assert_array_equal(whole, np.concatenate([runner.forward(x[i : i + 1]) for i in range(7)]))


def test_explain_shows_what_is_fused_with_what() -> None:
    chain, y = chain_of_all(True)
    for number, node in enumerate(chain.graph.nodes):
        node.layers = (f"{node.kind}_{number}",)
    steps = explain(chain.runner(y), 2)["steps"]
    fused = {step["layers"][0]: step["fused"] for step in steps if step["fused"]}
    assert fused == {
        "conv2d_0": ["bias", "batch normalization", "ReLU", "max-pool"],
        "conv2d_4": ["bias", "batch normalization", "ReLU"],
        "conv2d_7": ["bias", "batch normalization"],
    }
    assert steps[0]["layers"] == ["conv2d_0", "batch_norm_1", "relu_2", "max_pool2d_3"]
    assert not any(step["kernel"] == "batch_norm" for step in steps)
