"""Inputs and outputs of layers in a model."""

from __future__ import annotations

import pytest

from convcore import Sequential, layers


def test_layers_of_a_built_model_have_inputs_and_outputs() -> None:
    model = Sequential([layers.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten()])
    conv, flatten = model.layers
    assert (conv.input.shape, conv.output.shape, flatten.output.shape) == ((None, 8, 8, 1), (None, 6, 6, 2), (None, 72))
    assert (conv.input_shape, conv.output_shape) == ((None, 8, 8, 1), (None, 6, 6, 2))
    assert model.inputs[0].shape == (None, 8, 8, 1)
    assert model.outputs[0].dtype == "float32"
    assert [layer.output.name for layer in model.layers] == [f"{conv.name}_output", f"{flatten.name}_output"]


def test_other_layers_have_none() -> None:
    with pytest.raises(AttributeError, match="has never been called and thus has no defined"):
        _ = layers.Conv2D(2, 3).output
