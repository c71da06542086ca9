"""Copies that a graph does without: the values are those of the graph as it was written.

To the bit, in whole numbers; means are of as many of them as a power of two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.layers.layout import from_channels_last, from_images, to_channels_last, to_images
from convcore.program import Graph, Runner, Value
from convcore.program.layouts import sink
from convcore.program.optimize import optimize
from convcore.variables import FlatParameters, Variable
from tests.checks import integers
from tests.reference import Array

FIRST = "channels_first"


def kinds(graph: Graph) -> list[str]:
    """Of the nodes that are left, but those that cost nothing."""
    return [node.kind for node in optimize(graph) if node.kind != "reshape"]


class Net:
    """A graph of images, or lines, whose channels come first."""

    def __init__(self, *shape: int) -> None:
        self.graph = Graph(shape)
        self.variables: list[Variable] = []
        self.axes = len(shape) - 1

    def variable(self, *shape: int) -> Variable:
        values = np.random.default_rng(len(self.variables)).integers(-2, 3, shape)
        self.variables.append(Variable(values, name=f"w{len(self.variables)}"))
        return self.variables[-1]

    def conv(self, x: Value, filters: int, kernel: int = 3, **words: Any) -> Value:
        images = to_images(self.graph, to_channels_last(self.graph, x, FIRST))
        size = (1, kernel) if self.axes == 1 else (kernel, kernel)
        w, bias = self.variable(*size, images.shape[-1], filters), self.variable(filters)
        y = self.graph.add("conv2d", images, parameters=(w, bias), **words)
        return from_channels_last(self.graph, from_images(self.graph, y, self.axes), FIRST)

    def pool(self, x: Value, kind: str = "max", size: int = 2) -> Value:
        window = (1, size) if self.axes == 1 else (size, size)
        return self.graph.add(f"{kind}_pool_planes", x, pool_size=window, stride=window, data_format=FIRST)

    def frame(self, x: Value, by: int = 1) -> Value:
        columns = {} if self.axes == 1 else {"columns": (by, by)}
        return self.graph.add("frame", x, rows=(by, by), data_format=FIRST, **columns)

    def run(self, *outputs: Value) -> list[Array]:
        """Outputs without and in training, and all gradients."""
        self.graph.outputs = outputs
        runner = Runner(self.graph, FlatParameters(self.variables))
        (x,) = integers(5, (3, *self.graph.input.shape))
        predicted = [y.copy() for y in runner.forward_all([x], training=False)]
        trained = [y.copy() for y in runner.forward_all([x], training=True)]
        (dx,) = runner.backward_all([np.ones_like(y) for y in trained])
        return [*predicted, *trained, dx, *(variable.grad.copy() for variable in self.variables)]


def check(monkeypatch: pytest.MonkeyPatch, build: Any, shape: tuple[int, ...], expected: list[str]) -> None:
    net = Net(*shape)
    outputs = build(net)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    ours = net.run(*outputs)
    assert kinds(net.graph) == expected
    with monkeypatch.context() as patch:
        patch.setattr("convcore.program.optimize.sink", lambda nodes, outputs: list(nodes))
        theirs = net.run(*outputs)
    for mine, reference in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, reference)


def conv_pool_conv(net: Net) -> Value:
    return net.conv(net.pool(net.graph.add("relu", net.conv(net.graph.input, 4))), 5)


def elementwise(net: Net) -> Value:
    y = net.graph.add("scale_shift", net.conv(net.graph.input, 4), scale=2.0, offset=1.0)
    y = net.graph.add("relu", y, negative_slope=0.5)
    return net.conv(net.graph.add("maximum", y, net.graph.add("relu", y, threshold=1.0)), 3)


def residual(net: Net) -> Value:
    a = net.graph.add("relu", net.conv(net.graph.input, 4))
    b = net.conv(a, 4, padding="same")
    return net.pool(net.conv(net.graph.add("relu", net.graph.add("add", a, b)), 2), "avg")


def joined(net: Net) -> Value:
    a = net.conv(net.graph.input, 4, padding="same")
    b = net.graph.add("relu", net.conv(a, 3, padding="same"))
    c = net.graph.add("concatenate", a, b, axis=0)
    return net.conv(net.graph.add("concatenate", c, net.conv(c, 7, padding="same"), axis=2), 2)


def framed(net: Net) -> Value:
    return net.conv(net.frame(net.conv(net.frame(net.graph.input, 2), 4)), 3)


def upsampled(net: Net) -> Value:
    y = net.graph.add("upsample", net.conv(net.graph.input, 4), size=(2, 2), interpolation="nearest", data_format=FIRST)
    return net.conv(y, 3)


def flattened(net: Net) -> Value:
    last = to_channels_last(net.graph, net.pool(net.conv(net.graph.input, 4)), FIRST)
    return net.graph.add("reshape", last, shape=(last.size,))


def ended(net: Net) -> Value:
    y = net.conv(net.graph.input, 4)
    kinds = ((kind, keepdims) for kind in ("avg", "max") for keepdims in (False, True))
    ends = [net.graph.add(f"global_{kind}_pool", y, data_format=FIRST, keepdims=keep) for kind, keep in kinds]
    flat = [net.graph.add("reshape", end, shape=(4,)) for end in ends]
    return net.graph.add("concatenate", *flat, axis=0)


def read_in_its_order(net: Net) -> Value:
    y = net.conv(net.graph.input, 4)
    return net.graph.add("reshape", y, shape=(y.size,))


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (conv_pool_conv, ["permute", "conv2d_pool", "conv2d", "permute"]),
        (elementwise, ["permute", "conv2d", "scale_shift", "relu", "relu", "maximum", "conv2d", "permute"]),
        (residual, ["permute", "conv2d", "conv2d", "add", "relu", "conv2d", "avg_pool2d", "permute"]),
        (joined, ["permute", "conv2d", "conv2d", "concatenate", "conv2d", "concatenate", "conv2d", "permute"]),
        (framed, ["permute", "conv2d", "conv2d", "permute"]),
        (upsampled, ["permute", "conv2d", "upsample", "conv2d", "permute"]),
        (flattened, ["permute", "conv2d_pool"]),
        (ended, ["permute", "conv2d", *["global_avg_pool"] * 2, *["global_max_pool"] * 2, "concatenate"]),
        (read_in_its_order, ["permute", "conv2d", "permute"]),
    ],
)
def test_images_are_copied_at_the_ends_of_a_chain(
    build: Any, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check(monkeypatch, build, (3, 10, 18), expected)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (conv_pool_conv, ["permute", "conv2d_pool", "conv2d", "permute"]),
        (framed, ["permute", "frame", "conv2d", "frame", "conv2d", "permute"]),
        (flattened, ["permute", "conv2d_pool"]),
    ],
)
def test_so_are_lines(build: Any, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    check(monkeypatch, build, (3, 25), expected)


def test_each_output_has_its_own_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(net: Net) -> tuple[Value, ...]:
        first = net.conv(net.graph.input, 4)
        last = to_channels_last(net.graph, first, FIRST)
        return first, last, net.conv(first, 2)

    net = Net(3, 6, 7)
    check(monkeypatch, build, (3, 6, 7), ["permute", "conv2d", "permute", "conv2d", "permute"])
    outputs = build(net)
    ours = net.run(*outputs)
    np.testing.assert_array_equal(np.moveaxis(ours[0], 1, -1), ours[1])


def test_a_value_that_comes_back_twice_has_both_its_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(net: Net) -> Value:
        x = net.graph.input
        back = net.graph.add("permute", net.graph.add("permute", x, order=(1, 2, 0)), order=(2, 0, 1))
        return net.graph.add("add", x, back)

    check(monkeypatch, build, (2, 3, 4), ["add"])


def test_what_would_be_copied_more_stays() -> None:
    """The pool reads planes as they lie; both it and what it reads are wanted in that order."""
    net = Net(3, 12, 14)
    y = net.conv(net.graph.input, 4)
    net.graph.outputs = (y, net.pool(y))
    assert kinds(net.graph) == ["permute", "conv2d", "permute", "max_pool_planes"]
    assert sink(net.graph.nodes, net.graph.outputs) == net.graph.nodes


def test_other_kinds_want_their_order() -> None:
    net = Net(4, 5, 6)
    y = net.conv(net.graph.input, 4)
    net.graph.outputs = (net.conv(net.graph.add("softmax", y, axis=0), 2),)
    assert kinds(net.graph) == ["permute", "conv2d", "permute", "softmax", "permute", "conv2d", "permute"]


def _framed_and_kept(net: Net) -> tuple[Value, ...]:
    """What only gives a frame another name has readers, too."""
    frame = net.frame(net.graph.input)
    again = net.graph.add("reshape", frame, shape=frame.shape)
    return net.conv(again, 4), to_channels_last(net.graph, again, FIRST)


def _framed_and_turned(net: Net) -> tuple[Value, ...]:
    """The frame is read in an order of its own as well."""
    turned = net.graph.add("permute", net.frame(net.graph.input), order=(2, 1, 0))
    return turned, net.graph.add("permute", turned, order=(1, 0, 2))


@pytest.mark.parametrize("build", [_framed_and_kept, _framed_and_turned])
def test_a_frame_that_others_read_stays(monkeypatch: pytest.MonkeyPatch, build: Any) -> None:
    net = Net(3, 8, 6)
    net.graph.outputs = build(net)
    assert [kind for kind in kinds(net.graph) if kind == "frame"] == ["frame"]
    check(monkeypatch, build, (3, 8, 6), kinds(net.graph))


def test_a_normalization_by_channel_is_folded() -> None:
    net = Net(3, 30, 30)
    y = to_channels_last(net.graph, net.conv(net.graph.input, 4), FIRST)
    parameters = [net.variable(4) for _ in range(4)]
    y = net.graph.add("batch_norm", y, parameters=parameters, epsilon=1e-3, momentum=0.9)
    net.graph.outputs = (net.conv(from_channels_last(net.graph, y, FIRST), 2),)
    nodes = [node for node in optimize(net.graph, fold=True) if node.kind != "reshape"]
    assert [node.kind for node in nodes] == ["permute", "conv2d", "conv2d", "permute"]
    assert nodes[1].norm is not None
