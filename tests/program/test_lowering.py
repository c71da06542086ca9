"""The lowering: memory that is kept for the backward pass or given back, and segments around custom layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.plans.steps import Steps
from convcore.program import Graph, LossSpec
from convcore.variables import Variable
from tests.program.nets import Halve, lowering


def chain(*names: str, size: int = 100) -> Graph:
    graph = Graph((size,))
    y = graph.input
    for name in names:
        y = graph.add(name, y, **({"layer": Halve(), "shape": y.shape} if name == "python" else {}))
    graph.output = y
    return graph


def kernels(segments: list[Any]) -> list[Any]:
    return [[kernel for kernel, *_ in s.steps] if isinstance(s, Steps) else "python" for s in segments]


def test_two_buffers_carry_a_chain_of_any_length() -> None:
    """Without training a value's memory is free once the value was read."""
    sizes = []
    for length in (3, 30):
        low = lowering(chain(*["tanh"] * length))
        low.take_inputs()
        low.forward()
        sizes.append(low.steps.layout.size)
    assert sizes[0] == sizes[1]
    low = lowering(chain(*["tanh"] * 30), training=True)
    low.take_inputs()
    low.forward()
    assert low.steps.layout.size > 10 * sizes[0]


def test_a_backward_pass_gives_values_and_gradients_back() -> None:
    low = lowering(chain(*["tanh"] * 30), training=True)
    low.take_inputs()
    low.take_gradients()
    low.forward()
    forward = low.steps.layout.size
    low.backward(to_inputs=True)
    assert low.steps.layout.size <= forward + 3 * 4 * 4 * 100 + 3 * 64
    assert low.gradient_or_none(low.graph.input) is not None


def test_custom_layers_part_the_native_calls() -> None:
    low = lowering(chain("tanh", "python", "tanh", "tanh", "python"))
    low.take_inputs()
    low.forward()
    assert kernels(low.cut()) == [["activation"], "python", ["activation", "activation"], "python", []]
    assert kernels(low.cut()) == [[]]


def test_a_softmax_is_one_with_its_cross_entropy() -> None:
    for loss, expected in (
        (LossSpec("sparse_categorical_crossentropy"), ["softmax_cross_entropy"]),
        (LossSpec("categorical_crossentropy"), ["softmax_cross_entropy"]),
        (LossSpec("categorical_crossentropy", from_logits=True), ["softmax", "softmax_cross_entropy"]),
        (LossSpec("mean_squared_error"), ["softmax", "mean_squared_error"]),
    ):
        low = lowering(chain("softmax"), training=True)
        low.take_inputs()
        low.forward(loss)
        low.loss(loss, np.zeros(1), weighted=False, order=None)
        assert [name for name in kernels(low.cut())[0] if name != "gather_words"] == [*expected, "total_loss"]


@pytest.mark.parametrize("to_input", [False, True])
def test_a_gradient_goes_no_further_than_the_first_node_that_learns(to_input: bool) -> None:
    """What stands before the first weights, a Rescaling say, needs no gradient, and they need none of their input."""
    w = Variable(np.ones((5, 5)), name="w")
    graph = Graph((5,))
    y = graph.add("dense", graph.add("scale_shift", graph.input, scale=0.5, offset=0), parameters=(w, None))
    graph.output = graph.add("tanh", y)
    low = lowering(graph, w, training=True)
    low.take_inputs()
    low.take_gradients()
    low.forward()
    low.cut()
    low.backward(to_inputs=to_input)
    behind = ["dense_backward_data", "scale_shift"] if to_input else []
    assert kernels(low.cut()) == [["activation_backward", "dense_backward_weights", *behind]]
