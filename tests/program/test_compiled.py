"""A program for one batch size: its arena, its parts, and what it lets be seen."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ResourceLimitError
from convcore.program import Graph
from convcore.program.compiled import CompiledProgram
from convcore.program.lowering import Lowering
from convcore.variables import FlatParameters
from tests.program.nets import Halve
from tests.reference import Array


def lower(graph: Graph, n: int, *, training: bool = False) -> Lowering:
    low = Lowering(graph, FlatParameters([]), n, np.zeros(2, np.uint64), training=training, exact=True)
    low.take_inputs()
    return low


def scaled(*, with_python: bool = False) -> Graph:
    graph = Graph((2, 3))
    y = graph.add("scale_shift", graph.input, scale=2, offset=1)
    if with_python:
        y = graph.add("python", y, layer=Halve(), shape=y.shape)
    graph.output = graph.add("scale_shift", y, scale=10, offset=0)
    return graph


def images(n: int) -> Array:
    return np.arange(6 * n, dtype=np.float32).reshape(n, 2, 3)


@pytest.mark.parametrize("with_python", [False, True])
def test_runs_and_profiles_alike(with_python: bool) -> None:
    low = lower(scaled(with_python=with_python), 4)
    low.forward()
    program = CompiledProgram(low, low.cut())
    x = images(4)
    truth = 10 * ((2 * x + 1)[:, :, ::-1] / 2 if with_python else 2 * x + 1)
    program.run(0, (x,))
    np.testing.assert_array_equal(program.outputs((x,))[0], truth)
    times = program.profile(0, (2 * x,))
    assert len(times) == (3 if with_python else 2)
    assert all(tasks >= 1 and seconds >= 0 for tasks, seconds in times)
    assert program.outputs((2 * x,))[0][0, 0, 0] == truth[0, 0, 0] + (20 * with_python)
    assert len(program.parts[0]) == (3 if with_python else 1)


def test_forward_and_backward_are_parts_of_one_arena() -> None:
    low = lower(scaled(), 3, training=True)
    low.take_gradients()
    low.forward()
    forward = low.cut()
    low.backward(to_inputs=True)
    program = CompiledProgram(low, forward, low.cut())
    x, dy = images(3), np.ones((3, 2, 3), np.float32)
    program.run(0, (x, dy))
    program.run(1, (x, dy))
    np.testing.assert_array_equal(program.input_gradients((x, dy))[0], 20 * dy)


def test_the_gradient_of_an_input_that_nobody_reads_is_zero() -> None:
    graph = Graph((2, 3), (4,))
    graph.output = graph.add("tanh", graph.inputs[0])
    low = lower(graph, 3, training=True)
    low.forward()
    low.take_gradients()
    low.backward(to_inputs=True)
    program = CompiledProgram(low, low.cut())
    externals = (images(3), np.ones((3, 4), np.float32), np.ones((3, 2, 3), np.float32))
    program.run(0, externals)
    dx, zero = program.input_gradients(externals)
    np.testing.assert_allclose(dx, 1 - np.tanh(images(3)) ** 2, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(zero, np.zeros((3, 4)))


def test_a_graph_without_nodes_shows_its_input() -> None:
    graph = Graph((2, 3))
    graph.output = graph.input
    low = lower(graph, 2)
    low.forward()
    program = CompiledProgram(low, low.cut())
    assert program.parts == [[]]
    program.run(0, (images(2),))
    np.testing.assert_array_equal(program.outputs((images(2),))[0], images(2))


def test_an_arena_that_no_machine_holds_is_refused_before_it_is_made() -> None:
    low = lower(scaled(), 2**50)
    low.forward()
    with pytest.raises(ResourceLimitError, match="a batch of"):
        CompiledProgram(low, low.cut())
