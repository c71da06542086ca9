"""The memory of a lowering: values that share it, parameters in the flat buffers, what outlives a run."""

from __future__ import annotations

import numpy as np

from convcore.program import Graph
from convcore.variables import Variable
from tests.program.nets import lowering


def test_reshapes_share_memory() -> None:
    graph = Graph((4, 6))
    y = graph.add("reshape", graph.add("tanh", graph.input), shape=(24,))
    graph.output = y
    low = lowering(graph, training=True)
    low.take_inputs()
    low.forward()
    assert low.value(low.nodes[0].output) == low.value(y)
    assert [kernel for kernel, *_ in low.steps.steps] == ["activation"]


def test_parameters_are_places_in_the_flat_buffers() -> None:
    kernel, bias = Variable(np.zeros((100, 3)), name="kernel"), Variable(np.zeros(3), name="bias")
    graph = Graph((100,))
    graph.output = graph.add("dense", graph.input, parameters=(kernel, bias))
    low = lowering(graph, kernel, bias)
    w, b = low.parameters_of(graph.nodes[0])
    dw, db = low.gradients_of(graph.nodes[0])
    assert (w.kind, w.offset, b.offset) == ("bound", 0, 4 * 300)
    assert (dw.index, dw.offset, db.offset) == (w.index + 1, 0, 4 * 300)
    graph.nodes[0].parameters = (bias, None)
    assert low.parameters_of(graph.nodes[0]) == [b, None]
    # A second node with the bias has its own gradient first, in the arena.
    again, none = low.gradients_of(graph.nodes[0])
    assert (again.kind, none) == ("arena", None)


def test_what_is_kept_is_one_place_for_each_parameter_and_size() -> None:
    """In training, where parameters change with each step, nothing is."""
    kernel = Variable(np.zeros((100, 3)), name="kernel")
    graph = Graph((100,))
    graph.output = graph.add("dense", graph.input, parameters=(kernel, None))
    (node,), low = graph.nodes, lowering(graph, kernel)
    assert low.keep(node, 64) == low.keep(node, 64) != low.keep(node, 128)
    assert lowering(graph, kernel, training=True).keep(node, 64) is None
