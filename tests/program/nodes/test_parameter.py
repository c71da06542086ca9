"""Variables as values."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ShapeError, StateError
from convcore.program import Graph
from convcore.program.runner import Runner
from convcore.variables import FlatParameters, Variable


def test_a_parameter_is_the_same_for_each_sample() -> None:
    variable = Variable(np.arange(6.0).reshape(2, 3))
    graph = Graph((4,))
    graph.output = graph.add("parameter", graph.input, parameters=(variable,), shape=(2, 3))
    runner = Runner(graph, FlatParameters([variable]))
    (y,) = runner.forward_all([np.zeros((5, 4), np.float32)], training=True)
    np.testing.assert_array_equal(y, np.broadcast_to(variable.value, (5, 2, 3)))


def test_shapes_and_parameters_are_checked() -> None:
    graph = Graph((4,))
    with pytest.raises(ShapeError, match="does not fit samples"):
        graph.add("parameter", graph.input, parameters=(Variable(np.ones(3)),), shape=(4,))
    with pytest.raises(StateError, match="needs that"):
        graph.add("parameter", graph.input, shape=(4,))
