"""Layers of one's own with a call() that uses other layers."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import convcore as keras
from convcore import errors, layers

X = np.random.default_rng(0).normal(size=(12, 8, 8, 3)).astype("float32")


class Block(layers.Layer):
    def __init__(self, filters: int, rate: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.rate = filters, rate
        self.convs = [layers.Conv2D(filters, 3, padding="same"), layers.BatchNormalization()]
        self.drop = layers.Dropout(rate, seed=3)

    def build(self, input_shape: Any) -> None:
        self.skip = None if input_shape[-1] == self.filters else layers.Conv2D(self.filters, 1)
        super().build(input_shape)

    def call(self, x: Any, training: bool | None = None) -> Any:
        y = self.convs[1](self.convs[0](x), training=training)
        if training:
            y = self.drop(y, training=training)
        return keras.layers.ReLU()(y + (x if self.skip is None else self.skip(x)))


def functional(block: Any, filters: int) -> Any:
    """The same net of the same layers, by hand."""
    inputs = keras.Input((8, 8, 3))
    y = block.drop(block.convs[1](block.convs[0](inputs)))
    x = inputs if block.skip is None else block.skip(inputs)
    return keras.Model(inputs, layers.Flatten()(layers.ReLU()(layers.Add()([y, x]))))


@pytest.mark.parametrize("filters", [3, 5])
def test_a_block_computes_and_learns_as_the_layers_in_it(filters: int) -> None:
    block = Block(filters)
    model = keras.Sequential([keras.Input((8, 8, 3)), block, layers.Flatten()])
    twin = functional(block, filters)
    y = model.predict(X, verbose=0)
    np.testing.assert_array_equal(y, twin.predict(X, verbose=0))
    assert len(model.trainable_weights) == (6 if filters == 5 else 4)
    weights = model.get_weights()
    results = []
    for net in (model, twin):
        model.set_weights(weights)
        net.compile("sgd", "mse")
        losses = net.fit(X, np.zeros_like(y), batch_size=5, epochs=3, shuffle=False, verbose=0).history["loss"]
        results.append((losses, model.get_weights()))
    assert results[0][0] == results[1][0]
    for a, b in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_noise_may_be_for_training_alone() -> None:
    block = Block(3, rate=0.5)
    model = keras.Sequential([keras.Input((8, 8, 3)), block])
    y = model(X)
    np.testing.assert_array_equal(y, model(X))
    assert np.any(model(X, training=True) != y)


def test_weights_are_its_own_and_then_those_of_its_layers_as_they_were_set() -> None:
    class Mixed(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.named = {"b": layers.Dense(2), "a": layers.Dense(3)}

        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight((input_shape[-1],), initializer="ones", name="scale")

        def call(self, x: Any) -> Any:
            return self.named["b"](self.named["a"](x * self.scale))

    layer = Mixed()
    assert layer([[1.0, 2.0]]).shape == (1, 2)
    assert [weight.shape for weight in layer.weights] == [(2,), (3, 2), (2,), (2, 3), (3,)]
    assert layer.count_params() == 19
    layer.trainable = False
    assert layer.trainable_weights == []
    assert not layer.named["a"].trainable


def test_variables_of_its_own_have_gradients() -> None:
    class Linear(layers.Layer):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.units = units

        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal")
            self.b = self.add_weight(shape=(self.units,), initializer="zeros")

        def call(self, inputs: Any) -> Any:
            return inputs @ self.w + self.b

    x, y = X[:, 0, 0], X[:, 1, 1, :2]
    linear, dense = Linear(2), layers.Dense(2)
    models = [keras.Sequential([keras.Input((3,)), layer]) for layer in (linear, dense)]
    dense.set_weights(linear.get_weights())
    for model in models:
        model.compile("adam", "mse")
        model.fit(x, y, epochs=4, batch_size=5, shuffle=False, verbose=0)
    for a, b in zip(linear.get_weights(), dense.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


class Decoder(layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.up, self.join = layers.UpSampling2D(2), layers.Concatenate()

    def call(self, x: Any, skip: Any, scale: float = 1.0) -> Any:
        joined = self.join([self.up(x), skip])
        return {"joined": joined, "scaled": scale * joined}


def test_several_arguments_and_results_in_any_structure() -> None:
    small, large = X[:, ::2, ::2], X
    layer = Decoder()
    expected = np.concatenate([small.repeat(2, 1).repeat(2, 2), large], -1)
    outputs = layer(small, skip=large, scale=2.0)
    np.testing.assert_array_equal(outputs["joined"], expected)
    np.testing.assert_array_equal(outputs["scaled"], 2 * expected)
    with pytest.raises(errors.NotSupportedError, match="arguments of another form"):
        layer(small, skip=large, scale=3.0)
    a, b = keras.Input((4, 4, 3)), keras.Input((8, 8, 3))
    model = keras.Model([a, b], Decoder(name="up")(a, b)["scaled"])
    again = keras.Model.from_config(model.get_config(), custom_objects={"Decoder": Decoder})
    np.testing.assert_array_equal(again.predict([small, large], verbose=0), expected)


def test_files_configurations_and_copies(tmp_path: Any) -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), Block(4, rate=0.5), layers.Flatten(), layers.Dense(2)])
    model.compile("adam", "mse")
    model.fit(X, X[:, 0, 0, :2], verbose=0)
    expected = model.predict(X, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", custom_objects={"Block": Block})
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    for same in (loaded, clone, copy.deepcopy(model)):
        np.testing.assert_array_equal(same.predict(X, verbose=0), expected)
    # A training goes on from the file to the bit, noise and all.
    losses = [net.fit(X, X[:, 0, 0, :2], epochs=2, verbose=0).history["loss"] for net in (model, loaded)]
    assert losses[0] == losses[1]
    assert model.layers[0].get_config()["rate"] == 0.5


def test_a_configuration_needs_plain_arguments() -> None:
    class Wraps(layers.Layer):
        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        def call(self, x: Any) -> Any:
            return self.inner(x)

    with pytest.raises(errors.NotSupportedError, match="constructor takes more"):
        Wraps(layers.Dense(1)).get_config()


def refused(function: Any, match: str, x: npt.ArrayLike = ((1.0, 2.0),)) -> None:
    class Refused(layers.Layer):
        def call(self, x: Any, training: bool | None = None) -> Any:
            return function(x, training)

    with pytest.raises(errors.NotSupportedError, match=match):
        Refused()(x)


def test_what_leads_to_no_program_is_refused_by_name() -> None:
    outer = keras.Input((2,))
    refused(lambda x, training: np.ones((1, 2)), "computes in Python or NumPy")
    refused(lambda x, training: x + outer, "reads tensors from outside")
    refused(lambda x, training: 2 * x if training else x, "something else in training")
    refused(
        lambda x, training: layers.RandomFlip()(x, training=True), "training=True in inference", np.ones((1, 4, 4, 1))
    )
    refused(lambda x, training: x if training else layers.Dropout(0.5)(x, training=True), "something else in training")
    refused(lambda x, training: np.asarray(x), "values of a tensor between layers")
    refused(lambda x, training: x.numpy(), "numpy of a tensor between layers")


class Counting(layers.Layer):
    """Starts at 3, and assigns in `where` it is told."""

    def __init__(self, where: str = "build") -> None:
        super().__init__()
        self.where = where

    def build(self, input_shape: Any) -> None:
        self.count = self.add_weight(trainable=False, initializer="zeros", name="count")
        self.count.assign_add(3)

    def call(self, x: Any) -> Any:
        if self.where == "call":
            self.count.assign_add(1)
        return x * self.count


def test_variables_are_assigned_to_in_build_and_not_in_call() -> None:
    class Outer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Counting()

        def call(self, x: Any) -> Any:
            return self.inner(x)

    np.testing.assert_array_equal(Outer()(np.ones((1, 2))), [[3, 3]])
    layer = Counting("call")
    with pytest.raises(errors.NotSupportedError, match=r"assign_add\(\) of a variable, here 'count', in a call\(\)"):
        layer(np.ones((1, 2)))
    layer.count.assign(1)


def test_layers_with_weights_are_made_before_the_call() -> None:
    with pytest.raises(errors.NotSupportedError, match="weights that are made in call"):
        layers.Lambda(lambda x: layers.Dense(2)(x))([[1.0, 2.0]])


def test_a_call_that_comes_later_is_refused() -> None:
    class Late(layers.Conv2D):
        pass

    Late.call = lambda self, x: x  # type: ignore[attr-defined]
    with pytest.raises(errors.NotSupportedError, match="joins a class later, as that of Late did"):
        Late(2, 3)
