"""clone_model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convcore import Model, Sequential, layers
from convcore.errors import NotSupportedError, ParameterError
from convcore.models import clone_model, model_from_json


class Own(layers.Layer):
    def forward(self, x: Any, training: bool = False) -> Any:
        return x


def test_same_layers_other_weights() -> None:
    model = Sequential([layers.Input((4,)), layers.Dense(3), Own(), Sequential([Own(), layers.Dense(2)])])
    clone = clone_model(model)
    assert clone.get_config() == model.get_config()
    assert type(clone.layers[1]) is Own
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])


def test_a_compiled_model_gives_a_compiled_one() -> None:
    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    assert not clone_model(model).compiled
    model.compile(optimizer="sgd", loss="mae", metrics=["mse"])
    twin = clone_model(model)
    assert twin.metrics_names == model.metrics_names
    assert twin.optimizer is not model.optimizer
    with pytest.raises(NotSupportedError, match="recursive"):
        clone_model(model, recursive=True)


def branches() -> Model:
    """Two inputs, one layer on both, a nested model, two outputs."""
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    shared = layers.Dense(3, name="shared")
    total = layers.Add(name="sum")([shared(a), shared(b)])
    nested = Sequential([layers.Dense(2, name="inner")], name="nested")
    return Model([a, b], {"sum": total, "nested": nested(total)})


def test_layers_by_a_function() -> None:
    model = branches()
    asked = []

    def wider(layer: layers.Layer) -> Any:
        asked.append(layer.name)
        others = {"shared": layers.Dense(5, name="wide"), "nested": layers.Dense(2, name="flat")}
        return others.get(layer.name) or type(layer).from_config(layer.get_config())

    clone = clone_model(model, clone_function=wider)
    assert sorted(asked) == ["nested", "shared", "sum"]
    assert [layer.name for layer in clone.layers] == ["a", "b", "wide", "sum", "flat"]
    found = clone.predict({"a": np.ones((2, 4)), "b": np.ones((2, 4))}, verbose=0)
    assert {name: y.shape for name, y in found.items()} == {"sum": (2, 5), "nested": (2, 2)}
    keep = clone_model(model, clone_function=lambda layer: layer)
    assert keep.weights == model.weights
    row = Sequential([layers.Input((4,), name="here"), layers.Dense(3, name="one")])
    other = clone_model(row, clone_function=lambda layer: layers.Dense(7))
    assert (other.input_names, other.output_shape) == (["here"], (None, 7))


def test_other_inputs() -> None:
    model = branches()
    start = layers.Input((4,))
    clone = clone_model(model, input_tensors=[start, layers.ReLU()(start)])
    assert clone.count_params() == model.count_params()
    assert len(clone.inputs) == 2
    row = clone_model(Sequential([layers.Dense(3)]), input_tensors=layers.Input((6,), name="new"))
    assert row.input_names == ["new"]


def test_a_model_from_its_json() -> None:
    for model in (branches(), Sequential([layers.Input((4,)), layers.Dense(3), Own()])):
        twin = model_from_json(model.to_json(indent=1), {"Own": Own})
        assert twin.to_json() == model.to_json()
        twin.set_weights(model.get_weights())
    assert Model.from_config(branches().get_config()).count_params() == branches().count_params()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: clone_model(branches(), clone_function=3), "Expected `clone_function` argument to be a callable"),
        (lambda: clone_model(branches(), clone_function=lambda layer: None), "must give a layer"),
        (lambda: clone_model(branches(), input_tensors=[1, 2]), "must be KerasTensors"),
        (lambda: clone_model(branches(), input_tensors=layers.Input((4,))), "same structure as model.input, 2 tensors"),
        (lambda: clone_model(Sequential([layers.Dense(1)]), input_tensors=[layers.Input((4,))] * 2), "a single tensor"),
        (lambda: model_from_json("{"), "what model.to_json"),
        (lambda: model_from_json(None), "what model.to_json"),
        (lambda: model_from_json("[" * 100000), "what model.to_json"),
        (lambda: model_from_json('{"class_name": "Dense", "config": {"units": 1}}'), "must describe a model"),
        (lambda: model_from_json('{"class_name": "os", "config": {}}'), "Unknown layer class 'os'"),
        (lambda: Model.from_config({"layers": 1, "input_layers": 1, "output_layers": 1}), "Not the configuration"),
    ],
)
def test_what_is_no_model_is_refused(call: Callable[[], Any], text: str) -> None:
    with pytest.raises(ParameterError, match=text):
        call()
