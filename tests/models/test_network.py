"""What all models have: layers by name, weights each once, names of inputs and outputs."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from convcore import Model, Sequential, layers
from convcore.errors import ParameterError, ShapeError, StateError


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


def test_sizes_left_open_are_those_of_the_data() -> None:
    a = layers.Input((None, None, 2), name="a")
    maps = layers.Conv2D(4, 3, padding="same", name="maps")(a)
    model = Model(a, [layers.GlobalAveragePooling2D(name="mean")(maps), maps])
    assert model.output_shape == [(None, 4), (None, None, None, 4)]
    with pytest.raises(StateError, match="leaves sizes of its input open"):
        model.explain()
    rng = np.random.default_rng(0)
    small, large = rng.normal(size=(6, 5, 4, 2)).astype(np.float32), rng.normal(size=(6, 9, 8, 2)).astype(np.float32)
    for x in (small, large, small):
        for found, again, called in zip(model.predict(x, verbose=0), model.predict_on_batch(x), model(x), strict=True):
            np.testing.assert_array_equal(found, again)
            np.testing.assert_allclose(found, called, rtol=1e-5, atol=1e-6)
    model.compile("adam", ["mse", None])
    history = model.fit(((x, np.ones((6, 4))) for x in (small, large) * 10), epochs=2, steps_per_epoch=10, verbose=0)
    assert history.history["loss"][1] < history.history["loss"][0]
    assert model.optimizer.iterations == 20
    assert len(model.explain(2, as_dict=True)["steps"]) > 3
    with pytest.raises(ShapeError, match="'a'.*incompatible"):
        model.predict(np.ones((2, 5, 4, 3)), verbose=0)
    np.testing.assert_array_equal(model.predict(small, verbose=0)[1], copy.deepcopy(model).predict(small, verbose=0)[1])


def test_losses_are_of_the_last_call_and_of_the_weights() -> None:
    a = layers.Input((3,))
    inner = Sequential([layers.Dense(4, activity_regularizer="l2", kernel_regularizer="l1", name="inside")])
    h = layers.Dense(2, activity_regularizer="l1", name="outside")(inner(a))
    model = Model(a, layers.ReLU()(h))
    weight = 0.01 * np.abs(inner.layers[0].kernel.numpy()).sum()
    assert model.losses == pytest.approx([weight])
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    y = model(x)
    inside = inner(x)
    outside = model.get_layer("outside")(inside)
    expected = [0.01 * (inside**2).sum() / 5, 0.01 * np.abs(outside).sum() / 5, weight]
    assert model.losses == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(y, np.maximum(outside, 0), rtol=1e-5, atol=1e-6)
    model.forward(x)
    dx = model.backward(np.ones_like(y))
    plain = copy.deepcopy(model)
    for layer in (plain.get_layer("outside"), plain.layers[1].layers[0]):
        layer.activity_regularizer = None
    plain.forward(x)
    np.testing.assert_array_equal(plain.backward(np.ones_like(y)), dx)
    model.compile("sgd", "mse")
    assert model.evaluate(x, y, verbose=0) == pytest.approx(sum(expected), rel=1e-5)
