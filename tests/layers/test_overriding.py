"""Classes of one's own that derive from a layer of convcore and have a call()."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import errors, layers

X = np.random.default_rng(0).normal(size=(12, 8, 8, 3)).astype("float32")
Y = X[:, 0, 0, :2]


class Plain(layers.Conv2D):
    def call(self, x: Any) -> Any:
        return super().call(x)


class Gated(layers.Conv2D):
    """A convolution with a variable and a layer of its own, and one argument more."""

    def __init__(self, filters: int, kernel_size: Any = 3, scale: float = 2.0, **kwargs: Any) -> None:
        super().__init__(filters, kernel_size, **kwargs)
        self.scale, self.norm = scale, layers.BatchNormalization()

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.gate = self.add_weight((self.filters,), initializer="ones", name="gate")

    def call(self, x: Any, training: bool | None = None) -> Any:
        return self.scale * self.norm(super().call(x) * self.gate, training=training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}


def trained(layer: Any) -> tuple[Any, list[Any]]:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((8, 8, 3)), layer, layers.GlobalAveragePooling2D(), layers.Dense(2)])
    model.compile("adam", "mse")
    history = model.fit(X, Y, epochs=3, batch_size=4, verbose=0, shuffle=False)
    return history.history["loss"], model.get_weights()


def test_what_it_inherits_computes_and_learns_as_before() -> None:
    words: dict[str, Any] = {"activation": "relu", "padding": "same", "activity_regularizer": "l2"}
    words["kernel_regularizer"] = "l1"
    (loss, weights), (expected, others) = (trained(kind(4, 3, **words)) for kind in (Plain, layers.Conv2D))
    assert loss == expected
    for ours, theirs in zip(weights, others, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_variables_and_layers_of_its_own_join() -> None:
    layer = Gated(4, activation="tanh")
    y = layer(X)
    assert (y.shape, layer.compute_output_shape((None, 8, 8, 3))) == ((12, 6, 6, 4), (None, 6, 6, 4))
    assert [v.name for v in layer.trainable_weights] == ["kernel", "bias", "gate", "gamma", "beta"]
    plain = layers.Conv2D(4, 3, activation="tanh")
    plain.build(X.shape)
    plain.set_weights([layer.kernel, layer.bias])
    layer.gate.assign([1, 2, 3, 4])
    np.testing.assert_allclose(layer(X), 2 * layer.norm(plain(X) * [1, 2, 3, 4]), rtol=1e-5, atol=1e-6)
    loss, _ = trained(Gated(4))
    assert loss[-1] < loss[0]


def test_configurations_files_and_copies(tmp_path: Any) -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), Gated(4, scale=0.5)])
    model.save(tmp_path / "model")
    for twin in (
        keras.models.load_model(tmp_path / "model", {"Gated": Gated}),
        copy.deepcopy(model),
    ):
        assert twin.layers[0].scale == 0.5
        np.testing.assert_array_equal(twin(X), model(X))
    assert Plain.from_config(Plain(4, (1, 3)).get_config()).kernel_size == (1, 3)


def test_the_call_may_do_without() -> None:
    class Own(layers.Dense):
        def call(self, x: Any) -> Any:
            return self.activation(keras.activations.relu(x) @ self.kernel + self.bias)

    layer = Own(3, activation="tanh")
    x = X[:, 0, 0]
    y = layer(x)
    np.testing.assert_allclose(y, np.tanh(np.maximum(x, 0) @ layer.kernel.value), rtol=1e-5, atol=1e-6)


def test_noise_is_that_of_the_seed() -> None:
    class Quiet(layers.Dropout):
        def call(self, x: Any, training: bool | None = None) -> Any:
            return super().call(x, training=training) / 2

    x = np.ones((4, 50), np.float32)
    np.testing.assert_array_equal(
        2 * Quiet(0.5, seed=3)(x, training=True), layers.Dropout(0.5, seed=3)(x, training=True)
    )
    np.testing.assert_array_equal(Quiet(0.5)(x), x / 2)


def test_layers_of_several_inputs_and_a_class_between() -> None:
    class Between(layers.Add):
        pass

    class Half(Between):
        def call(self, inputs: Any) -> Any:
            return super().call(inputs) / 2

    class Quarter(Half):
        def call(self, inputs: Any) -> Any:
            return super().call(inputs) / 2

    np.testing.assert_allclose(Quarter()([X, 3 * X]), X, rtol=1e-6)
    frozen = Plain(4, 3)
    frozen.build((None, 8, 8, 3))
    frozen.trainable = False
    assert not frozen.trainable_weights


def test_models_keep_refusing() -> None:
    class Stack(keras.Sequential):
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(errors.NotSupportedError, match=r"call\(\) of one's own in a model"):
        Stack()
