"""What a call gives is the caller's: written once, and by no later call; the values are those of `predict`."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.plans.steps import Steps
from convcore.program import Feed, Graph, Runner
from convcore.program.giving import MOST_GIVEN
from convcore.program.values import Value
from convcore.variables import FlatParameters
from tests.checks import normals
from tests.reference import Array


def planned(graph: Graph, n: int = 3) -> tuple[Runner, list[Value]]:
    """A runner, and which values its calls have no copies of."""
    runner = Runner(graph, FlatParameters([]))
    return runner, [output for output, _ in runner._plan_call(n).given]


def called(runner: Runner, x: Array) -> list[Array]:
    """The outputs of a call, which are those of `predict` and share no memory."""
    outputs = runner.forward_all([x])
    for output, expected in zip(outputs, runner.predict_all(Feed(x), 0, len(x)), strict=True):
        np.testing.assert_array_equal(output, expected)
    for number, output in enumerate(outputs):
        assert output.flags.writeable
        assert not any(np.shares_memory(output, other) for other in [x, *outputs[:number]])
    return outputs


def test_an_output_is_written_where_it_stays() -> None:
    graph = Graph((5,))
    between = graph.add("tanh", graph.input)
    graph.output = graph.add("sigmoid", between)
    runner, given = planned(graph)
    assert given == [graph.output]
    x, other = normals(1, (3, 5), (3, 5))
    (y,) = called(runner, x)
    before = y.copy()
    called(runner, other)
    np.testing.assert_array_equal(y, before)


def test_the_arena_has_no_room_for_it() -> None:
    graph = Graph((1000,))
    graph.output = graph.add("tanh", graph.input)
    runner, _ = planned(graph)
    assert runner._plan_call(3).arena.size < 100 < 3 * 1000 * 4 <= runner._plan_predict(3).arena.size


def test_values_that_are_read_again_reshaped_ones_inputs_and_twins_are_outputs_too() -> None:
    graph = Graph((2, 3))
    first = graph.add("tanh", graph.input)
    flat = graph.add("reshape", first, shape=(6,))
    last = graph.add("sigmoid", first)
    graph.outputs = [last, flat, graph.input, first, last]
    runner, given = planned(graph)
    assert given == [first, last]
    (x,) = normals(2, (3, 2, 3))
    outputs = called(runner, x)
    np.testing.assert_array_equal(outputs[1], outputs[3].reshape(3, 6))
    np.testing.assert_array_equal(outputs[2], x)
    np.testing.assert_array_equal(outputs[0], outputs[4])


@pytest.mark.parametrize("count", [MOST_GIVEN - 1, MOST_GIVEN, 20])
def test_more_outputs_than_externals_come_from_the_arena(count: int) -> None:
    graph = Graph((4,))
    outputs = [graph.add("tanh", graph.input)]
    while len(outputs) < count:
        outputs.append(graph.add("tanh", outputs[-1]))
    graph.outputs = outputs
    runner, given = planned(graph)
    assert len(given) == MOST_GIVEN - 1
    called(runner, normals(3, (3, 4))[0])


def test_steps_write_to_externals_of_the_right_size() -> None:
    graph = Graph((4,))
    graph.output = graph.add("tanh", graph.input)
    program = planned(graph)[0]._plan_call(2)
    (steps,) = program.plans[0]
    assert isinstance(steps, Steps)
    assert [buffer.kind for _, _, buffers, _ in steps.steps for buffer in buffers if buffer] == ["external"] * 2
