"""The graph of a model: shapes as they follow, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import NotSupportedError, ShapeError, StateError
from convcore.program import Graph, Value
from convcore.variables import Variable
from tests.program.nets import Halve


def variable(*shape: int) -> Variable:
    return Variable(np.zeros(shape), name="w")


def test_shapes_follow_from_layer_to_layer() -> None:
    graph = Graph(np.array([9, 8, 3]))
    weights = variable(3, 3, 3, 5), variable(5)
    y = graph.add("conv2d", graph.input, parameters=weights, stride=2, padding="same", relu=True)
    assert (graph.input.shape, y.shape, y.size) == ((9, 8, 3), (5, 4, 5), 100)
    y = graph.add("max_pool2d", y)
    assert y.shape == (2, 2, 5)
    y = graph.add("dense", y, parameters=(variable(5, 6), None))
    assert y.shape == (2, 2, 6)
    for kind, settings in {
        "relu": {},
        "scale_shift": {"scale": 2, "offset": 1},
        "dropout": {"rate": 0.5, "seed": 3},
        "python": {"layer": Halve(), "shape": y.shape},
        "softmax": {},
        "tanh": {},
    }.items():
        y = graph.add(kind, y, **settings)
        assert y.shape == (2, 2, 6)
    y = graph.add("reshape", y, shape=(24,))
    graph.output = y
    assert graph.output is y
    assert [node.index for node in graph.nodes] == list(range(10))
    assert graph.nodes[0].parameters == weights
    assert [node.kind for node in graph.nodes[:3]] == ["conv2d", "max_pool2d", "dense"]


def test_nodes_bear_the_layer_that_is_being_lowered() -> None:
    graph = Graph((3,))
    first = graph.add("relu", graph.input)
    graph.layer = "end"
    graph.add("tanh", first)
    assert [node.layers for node in graph.nodes] == [(), ("end",)]


def test_a_graph_may_be_empty() -> None:
    graph = Graph((3,))
    graph.output = graph.input
    assert graph.output is graph.input


def test_outputs_are_any_of_its_values() -> None:
    graph = Graph((3,), (4,))
    with pytest.raises(StateError, match="no output yet"):
        _ = graph.outputs
    first = graph.add("relu", graph.inputs[0])
    last = graph.add("tanh", first)
    graph.outputs = (last, first, graph.inputs[1])
    assert graph.outputs == (last, first, graph.inputs[1])
    with pytest.raises(StateError, match="another graph"):
        graph.outputs = (last, Value((3,)))
    with pytest.raises(StateError, match="another graph"):
        graph.add("relu", Value((3,)))


def test_a_node_reads_a_value_once() -> None:
    """Else the two gradients of x in ``x * x`` would want one place."""
    graph = Graph((3,))
    graph.output = graph.add("multiply", graph.input, graph.input)
    assert [node.kind for node in graph.nodes] == ["reshape", "multiply"]
    assert graph.nodes[1].inputs == (graph.input, graph.nodes[0].output)


def test_unknown_kinds_are_refused() -> None:
    graph = Graph((3,))
    with pytest.raises(NotSupportedError, match="'lstm'.*supported: celu, elu"):
        graph.add("lstm", graph.input)


def test_what_does_not_fit_leaves_the_graph_as_it_was() -> None:
    graph = Graph((8, 6, 3))
    with pytest.raises(ShapeError, match="elements"):
        graph.add("reshape", graph.input, shape=(7, 7))
    assert graph.nodes == []
