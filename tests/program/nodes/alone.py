"""A node alone in a graph: what it computes for random data, and its gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convcore.program import Graph, Runner, Value
from convcore.variables import FlatParameters, Variable
from tests.checks import normals
from tests.reference import Array

N = 11


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
