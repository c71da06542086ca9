"""The structure of a model: adding, removing, building, sharing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers
from convcore.errors import NotBuiltError, ParameterError, ShapeError, StateError


def small() -> Sequential:
    return Sequential(
        [layers.Input((6, 6, 1)), layers.Conv2D(2, 3, name="c"), layers.Flatten(), layers.Dense(3, name="d")]
    )


def test_an_input_builds_as_layers_are_added() -> None:
    model = Sequential()
    model.add(layers.Input((6, 6, 1)))
    assert not model.built
    model.add(layers.Conv2D(2, 3))
    assert model.output_shape == (None, 4, 4, 2)
    model.add(layers.Flatten())
    assert model.output_shape == (None, 32)
    assert [type(layer).__name__ for layer in model.layers] == ["Conv2D", "Flatten"]
    assert model.inputs[0].shape == (None, 6, 6, 1)


def test_without_an_input_the_first_data_build() -> None:
    model = Sequential([layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3)])
    assert (model.built, model.weights) == (False, [])
    assert model(np.zeros((2, 6, 6, 1))).shape == (2, 3)
    assert model.input_shape == (None, 6, 6, 1)
    assert len(model.weights) == 4


def test_build_by_hand() -> None:
    model = Sequential([layers.Dense(3)])
    model.build((None, 4))
    assert model.count_params() == 15
    with pytest.raises(ShapeError, match="has already been configured to use input shape"):
        model.build((None, 5))
    model.build((8, 4))


def test_pop_gives_the_layer_back() -> None:
    model = small()
    assert model.pop().name == "d"
    assert model.output_shape == (None, 32)
    assert len(model.weights) == 2
    with pytest.raises(StateError, match="no layers"):
        Sequential().pop()


@pytest.mark.parametrize("thing", [1, None, "Dense", layers.Dense, np.zeros(3)])
def test_only_layers_can_be_added(thing: Any) -> None:
    with pytest.raises(ParameterError, match="Only instances of `keras.Layer` can be added to a Sequential model"):
        Sequential([thing])


def test_the_same_layer_or_name_twice_is_refused() -> None:
    text = "should have unique names. Name 'd' is already the name of a layer in this model. Update the `name` argument"
    layer = layers.Dense(3, name="d")
    with pytest.raises(ParameterError, match=text):
        Sequential([layer, layer])
    with pytest.raises(ParameterError, match=text):
        Sequential([layer, layers.Dense(2, name="d")])
    model = Sequential(name="m")
    with pytest.raises(ParameterError, match="cannot be added to itself"):
        model.add(model)


def test_inputs_come_first_and_once() -> None:
    with pytest.raises(ParameterError, match="has already been configured to use input shape"):
        Sequential([layers.Input((3,)), layers.Input((3,))])
    with pytest.raises(ParameterError, match="must be the first layer"):
        Sequential([layers.Dense(3), layers.Input((3,))])


def test_a_layer_that_does_not_fit_leaves_the_model_as_it_was() -> None:
    model = small()
    weights = model.get_weights()
    with pytest.raises(ShapeError, match="incompatible"):
        model.add(layers.Conv2D(2, 3))
    assert len(model.layers) == 3
    assert model.built
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    model.add(layers.ReLU())
    assert model.output_shape == (None, 3)


def test_get_layer() -> None:
    model = small()
    assert model.get_layer("c") is model.layers[0]
    assert model.get_layer(index=2) is model.get_layer("d")
    for arguments, text in (
        ({"name": "x"}, r"No such layer: x\. Existing layers are: \['c', 'flatten"),
        ({"index": 3}, "Was asked to retrieve layer at index 3 but model only has 3 layers"),
        ({}, "Provide either a layer name or layer index"),
        ({"name": "c", "index": 1}, "Provide only a layer name or a layer index"),
    ):
        with pytest.raises(ParameterError, match=text):
            model.get_layer(**arguments)  # type: ignore[arg-type]


def test_what_an_unbuilt_model_has_not() -> None:
    model = Sequential([layers.Dense(3)], name="m")
    for name in ("input_shape", "output_shape", "inputs", "outputs", "input", "output"):
        with pytest.raises(AttributeError, match="'m' has no defined"):
            getattr(model, name)
    with pytest.raises(StateError, match="isn't built"):
        model.count_params()
    with pytest.raises(StateError, match="Sequential model m2 cannot be built because it has no layers"):
        Sequential(name="m2").build((None, 3))
    with pytest.raises(ParameterError, match="needs an input shape"):
        model.build()
    with pytest.raises(StateError, match="not built yet"):
        model._graph()


def test_weights_are_listed_layer_by_layer_and_live_in_one_buffer() -> None:
    model = small()
    shapes = [(3, 3, 1, 2), (2,), (32, 3), (3,)]
    assert [weight.shape for weight in model.get_weights()] == shapes
    flat = model._parameters()
    assert [variable.shape for variable in flat.variables] == shapes
    model.layers[0].set_weights([np.full(shapes[0], 2.0), np.zeros(2)])
    assert flat.values[:18].tolist() == [2.0] * 18
    assert model._parameters() is flat


def test_trainable_reaches_the_layers() -> None:
    model = small()
    graph = model._graph()
    model._parameters()
    model.layers[0].trainable = False
    assert len(model.trainable_weights) == 2
    model._parameters()
    assert model._graph() is not graph
    model.trainable = False
    assert model.trainable_weights == []
    assert Sequential([layers.Input((3,)), layers.Dense(2)], trainable=False).trainable_weights == []


def test_two_models_that_share_layers_stay_right_in_turn() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 6, 6, 1)).astype(np.float32)
    model = small()
    full = model(x)
    features = Sequential(model.layers[:2])
    part = features(x)
    np.testing.assert_array_equal(model(x), full)
    np.testing.assert_array_equal(features(x), part)
    model.set_weights([2 * weight for weight in model.get_weights()])
    np.testing.assert_allclose(features(x), 2 * part, rtol=1e-6)
    np.testing.assert_array_equal(model.predict(x, verbose=0), model(x))
    np.testing.assert_array_equal(features.predict(x, verbose=0), features(x))


def test_shared_layers_learn_in_either_model() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((8, 4)).astype(np.float32), rng.integers(0, 3, 8)
    shared = layers.Dense(3)
    one = Sequential([layers.Input((4,)), shared])
    two = Sequential([layers.Input((4,)), shared, layers.ReLU()])
    one.compile("sgd", "sparse_categorical_crossentropy")
    one.fit(x, y, verbose=0)
    two(x)
    before = shared.get_weights()[0]
    one.fit(x, y, verbose=0)
    assert not np.array_equal(before, shared.get_weights()[0])
    np.testing.assert_array_equal(two(x), np.maximum(one(x), 0))


def test_models_nest() -> None:
    x = np.random.default_rng(0).standard_normal((2, 6, 6, 1)).astype(np.float32)
    inner = Sequential([layers.Conv2D(2, 3), layers.ReLU()], name="inner")
    model = Sequential([layers.Input((6, 6, 1)), inner, layers.Flatten(), layers.Dense(2)])
    assert inner.output_shape == (None, 4, 4, 2)
    assert len(model.weights) == 4
    y = model(x)
    np.testing.assert_allclose(model.layers[2](inner(x).reshape(2, -1)), y, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model(x), y)


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ((6, 6, 1), r"expected shape=\(None, 6, 6, 1\), found shape=\(6, 6, 1\)\. Hint: .*x\[numpy\.newaxis\]"),
        ((5, 6, 6), r"found shape=\(5, 6, 6\)\. Hint: .*x\[\.\.\., numpy\.newaxis\]"),
        (
            (5, 6, 6, 3),
            r"is incompatible with the layer: expected shape=\(None, 6, 6, 1\), found shape=\(5, 6, 6, 3\)$",
        ),
    ],
)
def test_data_that_do_not_fit_are_refused_with_a_hint(shape: tuple[int, ...], text: str) -> None:
    with pytest.raises(ShapeError, match=text):
        small()(np.zeros(shape))


def test_sizes_left_open_are_those_of_the_data() -> None:
    model = Sequential([layers.Input((None, None, 1)), layers.Conv2D(2, 3)])
    assert model.output_shape == (None, None, None, 2)
    assert [model(np.zeros((1, size, 6, 1))).shape for size in (6, 9)] == [(1, 4, 4, 2), (1, 7, 4, 2)]
    for size in (6, 9, 6):
        x = np.random.default_rng(size).normal(size=(3, size, 6, 1))
        np.testing.assert_allclose(model.predict(x, verbose=0), model(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("batch", [0, 1, 5])
def test_any_batch(batch: int) -> None:
    assert small()(np.zeros((batch, 6, 6, 1))).shape == (batch, 3)


def test_a_built_model_first_builds_the_outer_one() -> None:
    inner = Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(4)], name="inner")
    model = Sequential([inner, layers.Dense(3)])
    assert model.built
    assert (model.input_shape, model.output_shape) == ((None, 8, 8, 1), (None, 3))
    assert [weight.shape for weight in model.get_weights()] == [(64, 4), (4,), (4, 3), (3,)]
    assert model.layers[0] is inner
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    assert "Total params: 275" in "\n".join(lines)
    assert model(np.zeros((2, 8, 8, 1))).shape == (2, 3)
    again = Sequential.from_config(model.get_config())
    assert again.built
    assert again.output_shape == (None, 3)


def test_a_built_model_first_builds_as_layers_are_added() -> None:
    model = Sequential()
    model.add(Sequential([layers.Input((8,)), layers.Dense(4)]))
    assert not model.built  # Keras waits for a second layer
    with pytest.raises(ShapeError):
        model.add(layers.Conv2D(2, 3))
    model.add(layers.Dense(3))
    assert model.output_shape == (None, 3)
    assert not Sequential([Sequential([layers.Dense(4)]), layers.Dense(3)]).built


@pytest.mark.parametrize("what", ["input_shape", "output_shape", "input", "output"])
def test_an_unbuilt_model_has_no_shapes_and_says_so(what: str) -> None:
    model = Sequential([layers.Dense(3)], name="unready")
    with pytest.raises(NotBuiltError, match="'unready' has no defined .* yet. Hint"):
        getattr(model, what)
    with pytest.raises(NotBuiltError, match="never been called"):
        getattr(model.layers[0], what)
    assert not hasattr(model, what)
