"""The graph of a model: shapes as they follow, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convcore.errors import ConvcoreError, NotSupportedError, ParameterError, ShapeError, StateError
from convcore.program import Graph, Value
from convcore.program.graph import ACTIVATIONS
from convcore.variables import Variable
from tests.program.nets import Halve


def variable(*shape: int) -> Variable:
    return Variable(np.zeros(shape), name="w")


def test_shapes_follow_from_layer_to_layer() -> None:
    graph = Graph(np.array([9, 8, 3]))
    y = graph.conv2d(graph.input, variable(3, 3, 3, 5), variable(5), stride=2, padding="same", activation="relu")
    assert (graph.input.shape, y.shape, y.size) == ((9, 8, 3), (5, 4, 5), 100)
    assert graph.max_pool2d(y, 2, None, "valid").shape == (2, 2, 5)
    y = graph.dense(graph.nodes[-1].output, variable(5, 6), None)
    assert y.shape == (2, 2, 6)
    for append in (
        lambda y: graph.relu(y),
        lambda y: graph.scale_shift(y, 2, 1),
        lambda y: graph.dropout(y, 0.5, 3),
        lambda y: graph.python(y, Halve(), y.shape),
        *(lambda y, name=name: graph.activation(y, name) for name in sorted(ACTIVATIONS)),
    ):
        y = append(y)
        assert y.shape == (2, 2, 6)
    y = graph.reshape(y, (24,))
    graph.output = y
    assert graph.output is y
    assert y.producer is graph.nodes[-1]
    assert [node.kind for node in graph.nodes[:3]] == ["conv2d", "max_pool2d", "dense"]


def test_linear_is_no_node() -> None:
    graph = Graph((3,))
    assert graph.activation(graph.input, "linear") is graph.input
    assert graph.nodes == []
    graph.output = graph.input
    assert graph.output is graph.input


def test_the_output_is_the_last_value() -> None:
    graph = Graph((3,))
    with pytest.raises(StateError, match="no output yet"):
        _ = graph.output
    first = graph.relu(graph.input)
    graph.relu(first)
    for value in (first, graph.input, Value((3,))):
        with pytest.raises(StateError, match="last node"):
            graph.output = value


def test_branches_are_refused() -> None:
    graph = Graph((3,))
    graph.relu(graph.input)
    with pytest.raises(NotSupportedError, match="branches"):
        graph.relu(graph.input)


Call = Callable[[Graph], Any]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda g: g.conv2d(g.input, variable(3, 3, 2, 4), None, stride=1, padding="valid"), ShapeError, "channels"),
        (lambda g: g.conv2d(g.input, variable(9, 3, 3, 4), None, stride=1, padding="valid"), ShapeError, "window"),
        (lambda g: g.conv2d(g.input, variable(3, 3, 3, 4), None, stride=0, padding="valid"), ParameterError, "stride"),
        (
            lambda g: g.conv2d(g.input, variable(3, 3, 3, 4), None, stride=1, padding="valid", activation="tanh"),
            ParameterError,
            "'linear' or 'relu', got 'tanh'",
        ),
        (lambda g: g.max_pool2d(g.input, 9, 1, "valid"), ShapeError, "window"),
        (lambda g: g.max_pool2d(g.input, 2, 1, "vaild"), ParameterError, "padding"),
        (lambda g: g.dense(g.input, variable(2, 4), None), ShapeError, "last axis"),
        (lambda g: g.dense(g.input, variable(3, 4), None, activation="softmax"), ParameterError, "activation"),
        (lambda g: g.activation(g.input, "gelu"), NotSupportedError, "'gelu'.*supported: linear, relu"),
        (lambda g: g.reshape(g.input, (7, 7)), ShapeError, "elements"),
        (lambda g: g.python(g.input, Halve(), (-1, 3)), ShapeError, "must be known"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_the_graph(call: Call, error: type[ConvcoreError], words: str) -> None:
    graph = Graph((8, 6, 3))
    with pytest.raises(error, match=words):
        call(graph)
    assert graph.nodes == []


def test_dense_needs_an_axis() -> None:
    graph = Graph(())
    with pytest.raises(ShapeError, match="last axis"):
        graph.dense(graph.input, variable(1, 4), None)
