"""The functional API: any graph of layers is a model."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import Model, Sequential, layers
from convcore.errors import NotSupportedError, ParameterError, ShapeError
from convcore.models import Functional, clone_model
from tests.reference import Array


def residual(seed: int = 0) -> Model:
    """A small ResNet: a convolution, a block with a skip connection, two heads."""
    keras.utils.set_random_seed(seed)
    inputs = layers.Input((8, 8, 2), name="images")
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="stem")(inputs)
    y = layers.Conv2D(4, 3, padding="same", activation="relu", name="one")(x)
    y = layers.Conv2D(4, 3, padding="same", name="two")(y)
    x = layers.ReLU(name="relu")(layers.Add(name="sum")([x, y]))
    x = layers.Flatten(name="flat")(layers.MaxPooling2D(2, name="pool")(x))
    return Model(inputs, layers.Dense(3, activation="softmax", name="classes")(x), name="residual")


def images(n: int = 12) -> tuple[Array, Array]:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 3, n)
    return rng.standard_normal((n, 8, 8, 2)) + y[:, None, None, None], y


def test_the_layers_are_in_keras_s_order() -> None:
    model = residual()
    assert [layer.name for layer in model.layers] == [
        "images", "stem", "one", "two", "sum", "relu", "pool", "flat", "classes",
    ]  # fmt: skip
    assert isinstance(model, Functional)
    assert isinstance(model, Model)
    assert isinstance(Sequential(), Model)
    assert (model.input_shape, model.output_shape) == ((None, 8, 8, 2), (None, 3))
    assert (model.input_names, model.output_names) == (["images"], ["classes"])
    assert model.get_layer("two").input_shape == (None, 8, 8, 4)
    assert model.get_layer(index=4).input_shape == [(None, 8, 8, 4)] * 2
    assert model.count_params() == sum(layer.count_params() for layer in model.layers)


def test_a_block_with_a_skip_connection_trains() -> None:
    model = residual()
    x, y = images(60)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=15, batch_size=12, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    loss, accuracy = model.evaluate(x, y, verbose=0)
    assert accuracy > 0.8
    np.testing.assert_allclose(model.predict(x, verbose=0), model(x), rtol=1e-5, atol=1e-6)
    assert loss < 1


def test_gradients_by_central_differences() -> None:
    """Of the whole model in float64, as its own layers compute it step by step."""
    model = residual()
    x, _ = images(4)
    y = model.forward(x)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    dx = model.backward(dy)
    wide = np.asarray(x, np.float32).astype(np.float64)
    direction = np.random.default_rng(2).standard_normal(x.shape)
    direction /= np.linalg.norm(direction)
    sides = [float((model(wide + sign * 1e-2 * direction).astype(np.float64) * dy).sum()) for sign in (1, -1)]
    assert float((dx * direction).sum()) == pytest.approx((sides[0] - sides[1]) / 2e-2, rel=2e-2, abs=1e-3)


def test_feature_maps_of_a_sequential_model() -> None:
    model = Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    maps = Model(inputs=model.inputs, outputs=[layer.output for layer in model.layers])
    x = np.random.default_rng(0).standard_normal((5, 8, 8, 1))
    found = maps.predict(x, verbose=0)
    expected: Any = x
    for layer, ours in zip(model.layers, found, strict=True):
        expected = layer(expected)
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found[-1], model.predict(x, verbose=0))
    one = Model(inputs=model.inputs, outputs=[model.layers[0].output])
    np.testing.assert_array_equal(one.predict(x, verbose=0), found[0])


def test_shared_layers_share_weights_and_sum_gradients() -> None:
    shared = layers.Dense(4, use_bias=False, name="shared")
    first, second = layers.Input((4,)), layers.Input((4,))
    model = Model([first, second], layers.Add()([shared(shared(first)), shared(second)]))
    assert len(model.weights) == 1
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 5, 4)).astype(np.float32)
    w = shared.kernel.numpy()
    np.testing.assert_allclose(model([a, b]), a @ w @ w + b @ w, rtol=1e-4, atol=1e-5)
    model.forward([a, b])
    dy = rng.standard_normal((5, 4)).astype(np.float32)
    da, db = model.backward(dy)
    np.testing.assert_allclose(da, dy @ w.T @ w.T, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(db, dy @ w.T, rtol=1e-4, atol=1e-5)
    truth = a.T @ (dy @ w.T) + (a @ w).T @ dy + b.T @ dy
    np.testing.assert_allclose(shared.kernel.grad, truth, rtol=1e-4, atol=1e-4)


def test_several_inputs_and_outputs_in_any_structure() -> None:
    a, b = layers.Input((3,), name="a"), layers.Input((3,), name="b")
    total, product = layers.Add()([a, b]), layers.Multiply()([a, b])
    x, y = np.ones((2, 3)), np.full((2, 3), 4.0)
    model = Model({"a": a, "b": b}, {"total": total, "product": product})
    for given in ({"b": y, "a": x}, [x, y]):
        found = model(given)
        assert list(found) == ["total", "product"]
        np.testing.assert_array_equal(found["total"], x + y)
        np.testing.assert_array_equal(found["product"], x * y)
    listed = Model([a, b], [total, product])
    np.testing.assert_array_equal(listed({"a": x, "b": y})[1], x * y)
    with pytest.raises(ParameterError, match="has 2 inputs"):
        listed(x)
    with pytest.raises(ParameterError, match="has 2 inputs, but 3"):
        listed([x, y, y])
    with pytest.raises(ParameterError, match="'b' was not given"):
        listed({"a": x})
    with pytest.raises(ShapeError, match="'b'.*incompatible"):
        listed([x, np.ones((2, 4))])


def test_predictions_of_several_inputs() -> None:
    a, b = layers.Input((3,), name="a"), layers.Input((3, 3), name="b")
    model = Model([a, b], {"sum": layers.Add()([a, b]), "a": a})
    x, y = np.arange(15).reshape(5, 3), np.arange(45.0).reshape(5, 3, 3)
    for given in ([x, y], {"b": y, "a": x}):
        found = model.predict(given, batch_size=2, verbose=0)
        np.testing.assert_array_equal(found["sum"], x[:, None] + y)
        np.testing.assert_array_equal(found["a"], x)
        np.testing.assert_array_equal(model.predict_on_batch(given)["sum"], x[:, None] + y)
    with pytest.raises(ShapeError, match="cardinality is ambiguous.*5, 4"):
        model.predict([x, y[:4]], verbose=0)
    assert model.predict([x[:0], y[:0]], verbose=0)["sum"].shape == (0, 3, 3)


def test_models_are_layers_of_models() -> None:
    inner = residual()
    trunk = Sequential([layers.Input((8, 8, 2)), layers.Conv2D(2, 3, padding="same")], name="trunk")
    inputs = layers.Input((8, 8, 2))
    model = Model(inputs, inner(trunk(inputs)))
    x, _ = images()
    np.testing.assert_allclose(model.predict(x, verbose=0), inner(trunk(x)), rtol=1e-5, atol=1e-6)
    assert [layer.name for layer in model.layers][1:] == ["trunk", "residual"]
    a, b = layers.Input((3,)), layers.Input((3,))
    both = Model([a, b], [layers.Add()([a, b]), layers.Subtract()([a, b])])
    c = layers.Input((3,))
    total, difference = both([c, layers.ReLU()(c)])
    outer = Model(c, layers.Concatenate()([total, difference]))
    np.testing.assert_array_equal(outer(np.array([[-1.0, 0, 2]])), [[-1, 0, 4, -1, 0, 0]])


def test_a_model_may_begin_with_what_a_layer_gave() -> None:
    model = residual()
    tail = Model(model.get_layer("pool").output, model.output)
    assert [layer.name for layer in tail.layers][1:] == ["flat", "classes"]
    x, _ = images()
    pooled = Model(model.inputs, model.get_layer("pool").output).predict(x, verbose=0)
    np.testing.assert_allclose(tail.predict(pooled, verbose=0), model.predict(x, verbose=0), rtol=1e-6)


@pytest.mark.parametrize("again", ["config", "clone", "deepcopy"])
def test_copies(again: str) -> None:
    shared = layers.Dense(4, name="shared")
    a = layers.Input((4,))
    middle = shared(layers.ReLU()(shared(a)))
    model = Model(a, [layers.Add()([middle, a]), middle], name="m")
    if again == "config":
        copied = Functional.from_config(model.get_config())
    else:
        copied = clone_model(model) if again == "clone" else copy.deepcopy(model)
    assert copied.get_config() == model.get_config()
    assert copied.layers[1] is not model.layers[1]
    if again != "deepcopy":
        copied.set_weights(model.get_weights())
    x = np.random.default_rng(0).standard_normal((3, 4))
    for ours, theirs in zip(copied.predict(x, verbose=0), model.predict(x, verbose=0), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    copied.layers[1].kernel.value[...] = 0
    assert np.any(model.layers[1].kernel.value != 0)


def test_what_is_no_model_is_refused() -> None:
    a, b = layers.Input((4,)), layers.Input((4,))
    y = layers.Add()([a, b])
    with pytest.raises(ParameterError, match="Graph disconnected: cannot find parent for tensor"):
        Model(a, y)
    with pytest.raises(ParameterError, match="All `outputs` values must be KerasTensors"):
        Model(a, np.ones(3))
    with pytest.raises(ParameterError, match="All `inputs` values must be KerasTensors"):
        Model("x", y)
    first, second = layers.Dense(4, name="d"), layers.Dense(4, name="d")
    with pytest.raises(ParameterError, match='The name "d" is used 2 times in the model'):
        Model(a, second(first(a)))
    with pytest.raises(ParameterError, match=r"expects 1 input\(s\), but it received 2"):
        layers.Dense(4)([a, b])
    with pytest.raises(NotSupportedError, match="training=True"):
        layers.Dense(4)(a, training=True)
    with pytest.raises(NotSupportedError, match="arrays and symbolic tensors together"):
        layers.Add()([a, np.ones((1, 4))])


def test_subclasses_of_model_are_refused_by_name() -> None:
    class Own(Model):
        def __init__(self) -> None:
            super().__init__()

    with pytest.raises(NotSupportedError, match=r"models without inputs, outputs or a call\(\), as Own is"):
        Own()


def test_saving_and_loading(tmp_path: Any) -> None:
    model = residual()
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y = images()
    model.fit(x, y, epochs=2, verbose=0)
    path = tmp_path / "model.safetensors"
    model.save(path)
    loaded = keras.models.load_model(path)
    assert isinstance(loaded, Functional)
    for each in (model, loaded):
        each.fit(x, y, epochs=2, verbose=0, shuffle=False)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
