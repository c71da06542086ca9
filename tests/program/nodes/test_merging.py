"""What makes one value of several: what it refuses, and its gradients where the branches' own tests do not look."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ShapeError
from convcore.program import Graph, Runner
from convcore.variables import FlatParameters
from tests.checks import normals
from tests.program.nodes.alone import N

PAIRS = ["add", "average", "maximum", "minimum", "multiply", "subtract"]


@pytest.mark.parametrize("kind", PAIRS)
def test_a_value_with_itself(kind: str) -> None:
    (x,) = normals(1, (N, 5, 4))
    graph = Graph((5, 4))
    graph.output = graph.add(kind, graph.input, graph.input, **({"divisor": 4.0} if kind == "average" else {}))
    runner = Runner(graph, FlatParameters([]))
    truth, slope = {
        "add": (2 * x, 2.0),
        "average": (x / 2, 0.5),
        "maximum": (x, 1.0),
        "minimum": (x, 1.0),
        "multiply": (x * x, 2 * x),
        "subtract": (0 * x, 0.0),
    }[kind]
    np.testing.assert_array_equal(runner.forward(x, training=True), truth)
    (dy,) = normals(2, x.shape)
    np.testing.assert_allclose(runner.backward(dy), dy * slope, rtol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_repeated_axes(axis: int) -> None:
    shape = tuple(1 if axis == number else size for number, size in enumerate((3, 4, 5)))
    (x,) = normals(1, (N, *shape))
    graph = Graph(shape)
    graph.output = graph.add("repeat", graph.input, axis=axis, times=7)
    runner = Runner(graph, FlatParameters([]))
    y = runner.forward(x, training=True)
    np.testing.assert_array_equal(y, np.repeat(x, 7, axis=1 + axis))
    (dy,) = normals(2, y.shape)
    np.testing.assert_allclose(runner.backward(dy), dy.sum(axis=1 + axis, keepdims=True), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_concatenation_and_its_parts(axis: int) -> None:
    shapes = [tuple(size + 2 * k if axis == a else size for a, size in enumerate((3, 4, 5))) for k in range(3)]
    xs = list(normals(1, *((N, *shape) for shape in shapes)))
    graph = Graph(*shapes)
    graph.output = graph.add("concatenate", *graph.inputs, axis=axis)
    runner = Runner(graph, FlatParameters([]))
    (y,) = runner.forward_all(xs, training=True)
    np.testing.assert_array_equal(y, np.concatenate(xs, axis=1 + axis))
    for ours, theirs in zip(runner.backward_all([y]), xs, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_does_not_fit_is_refused() -> None:
    graph = Graph((3, 4), (3, 1))
    for kind in PAIRS:
        with pytest.raises(ShapeError, match=r"differ: \(3, 4\) and \(3, 1\)"):
            graph.add(kind, *graph.inputs)
    with pytest.raises(ShapeError, match="differ beside axis 0"):
        graph.add("concatenate", *graph.inputs, axis=0)
    with pytest.raises(ShapeError, match="axis 1 of .* has length 4"):
        graph.add("repeat", graph.inputs[0], axis=1, times=2)
    assert graph.nodes == []
