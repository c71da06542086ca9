"""The order of layers and of their calls."""

from __future__ import annotations

from convcore import Model, layers
from convcore.models import topology


def test_layers_come_by_their_distance_from_the_outputs() -> None:
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    short = layers.Dense(4, name="short")(b)
    long = layers.ReLU(name="second")(layers.Dense(4, name="first")(a))
    y = layers.Add(name="sum")([long, short])
    calls, found = topology.order([a, b], [y])
    assert [layer.name for layer in found] == ["a", "first", "b", "second", "short", "sum"]
    places = {call: number for number, call in enumerate(calls)}
    assert all(places[tensor.call] < places[call] for call in calls for tensor in call.inputs)


def test_a_shared_layer_stands_where_it_is_farthest() -> None:
    a = layers.Input((4,), name="a")
    shared, relu = layers.Dense(4, name="shared"), layers.ReLU(name="relu")
    calls, found = topology.order([a], [shared(relu(shared(a)))])
    assert [layer.name for layer in found] == ["a", "relu", "shared"] or found[1].name == "shared"
    assert [call.layer.name for call in calls] == ["a", "shared", "relu", "shared"]


def test_inputs_that_lead_nowhere_come_last() -> None:
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    model = Model([a, b], layers.ReLU(name="relu")(a))
    assert [layer.name for layer in model.layers] == ["a", "b", "relu"]


def test_networks_may_be_deeper_than_the_stack_of_python() -> None:
    x = first = layers.Input((1,))
    relu = layers.ReLU()
    for _ in range(3000):
        x = relu(x)
    calls, found = topology.order([first], [x])
    assert (len(calls), len(found)) == (3001, 2)


def test_what_a_layer_gave_becomes_an_input() -> None:
    a = layers.Input((4,))
    middle = layers.Dense(3, name="first")(a)
    inputs, outputs = topology.from_inputs([middle], {"y": layers.ReLU(name="second")(middle)})
    assert inputs[0] is not middle
    assert inputs[0].shape == (None, 3)
    assert outputs["y"].layer.name == "second"
    assert topology.from_inputs(a, middle) == (a, middle)
