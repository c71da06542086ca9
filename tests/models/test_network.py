"""What all models have: layers by name, weights each once, names of inputs and outputs."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import Model, Sequential, layers
from convcore.errors import NotSupportedError, ParameterError


def test_a_variable_counts_once_however_often_its_layer_stands_in_models() -> None:
    shared = layers.Dense(3, name="shared")
    inner = Sequential([layers.Input((3,)), shared])
    a = layers.Input((3,))
    model = Model(a, layers.Add()([inner(a), shared(a)]))
    assert model.weights == shared.weights
    assert model.count_params() == 12
    model.set_weights([np.eye(3), np.ones(3)])
    np.testing.assert_array_equal(model(np.eye(3)), 2 * np.eye(3) + 2)


def test_layers_by_name_and_number() -> None:
    a = layers.Input((3,), name="a")
    model = Model(a, layers.Dense(2, name="d")(a))
    assert model.get_layer("d") is model.get_layer(index=1) is model.layers[1]
    with pytest.raises(ParameterError, match=r"No such layer: e\. Existing layers are: \['a', 'd'\]"):
        model.get_layer("e")


def test_trainable_goes_to_all_layers() -> None:
    a = layers.Input((3,))
    model = Model(a, layers.Dense(2)(layers.Dense(2)(a)), trainable=False)
    assert (model.trainable_weights, len(model.non_trainable_weights)) == ([], 4)
    model.trainable = True
    assert len(model.trainable_weights) == 4


def test_sizes_must_be_known_to_compute() -> None:
    a = layers.Input((None, 3))
    model = Model(a, layers.Dense(2)(a))
    assert model.output_shape == (None, None, 2)
    with pytest.raises(NotSupportedError, match="inputs of unknown size"):
        model.predict(np.ones((2, 5, 3)), verbose=0)
