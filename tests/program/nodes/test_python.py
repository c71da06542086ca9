"""Custom layers in a graph: what they are given, and what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ShapeError
from convcore.program import Graph, Runner
from convcore.variables import FlatParameters
from tests.program.nodes.alone import run
from tests.reference import Array


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
        run(lambda g: g.add("python", g.input, layer=Wrong(direction), shape=(3,)), np.ones((4, 3), np.float32))


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
    y = graph.add("python", graph.add("relu", graph.input), layer=layer, shape=(3,))
    graph.output = graph.add("scale_shift", y, scale=3, offset=0)
    runner = Runner(graph, FlatParameters([]))
    np.testing.assert_array_equal(runner.forward(x), 6 * x)
    assert layer.training is False
    runner.forward(x, training=True)
    assert layer.training is True
    np.testing.assert_array_equal(x, np.ones((4, 3)))
    np.testing.assert_array_equal(runner.backward(x), 6 * x)
    np.testing.assert_array_equal(layer.x, 2 * x)  # the arena's memory, used again, is not the layer's


def test_the_output_s_shape_is_known() -> None:
    graph = Graph((8, 6, 3))
    with pytest.raises(ShapeError, match="must be known"):
        graph.add("python", graph.input, layer=Remembers(), shape=(-1, 3))
    assert graph.nodes == []
