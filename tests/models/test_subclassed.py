"""Models with a call() of their own."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import errors, layers

X = np.random.default_rng(0).normal(size=(20, 8, 8, 1)).astype("float32")
Y = np.arange(20) % 3


class Net(keras.Model):
    def __init__(self, filters: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(filters, 3, activation="relu")
        self.pool = layers.GlobalAveragePooling2D()
        self.drop = layers.Dropout(0.25, seed=1)
        self.end = layers.Dense(3, activation="softmax")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        x = self.pool(self.conv(inputs))
        if training:
            x = self.drop(x, training=training)
        return self.end(x)


def functional(net: Any) -> Any:
    inputs = keras.Input((8, 8, 1))
    return keras.Model(inputs, net.end(net.drop(net.pool(net.conv(inputs)))))


def test_it_trains_as_the_functional_model_of_its_layers() -> None:
    net = Net()
    assert not net.built
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    net.build((None, 8, 8, 1))
    weights = net.get_weights()
    history = net.fit(X, Y, epochs=2, batch_size=8, shuffle=False, validation_split=0.2, verbose=0).history
    trained = net.get_weights()
    twin = functional(net)
    net.set_weights(weights)
    twin.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    again = twin.fit(X, Y, epochs=2, batch_size=8, shuffle=False, validation_split=0.2, verbose=0).history
    assert again["val_loss"] != again["loss"]
    assert [len(history[key]) for key in history] == [2, 2, 2, 2]
    for a, b in zip(trained, twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-2)  # Dropout draws its own in each


def test_its_first_data_builds_it() -> None:
    for use in (lambda net: net(X), lambda net: net.predict(X, verbose=0)):
        net = Net(name="net")
        assert np.shape(use(net)) == (20, 3)
        assert [layer.name.partition("_")[0] for layer in net.layers] == ["conv2d", "global", "dropout", "dense"]
        assert net.count_params() == 40 + 15
        assert net.output_shape == (None, 3)
    net = Net()
    with pytest.raises(errors.NotBuiltError, match="no defined inputs yet"):
        _ = net.inputs
    assert net.predict_on_batch(X).shape == (20, 3)


def test_inputs_of_several_sizes() -> None:
    net = Net()
    for size in (8, 12, 8):
        assert net.predict(np.ones((2, size, size, 1)), verbose=0).shape == (2, 3)


def test_files_of_weights_and_copies(tmp_path: Any) -> None:
    net = Net()
    expected = net.predict(X, verbose=0)
    net.save_weights(tmp_path / "net.weights.h5")
    other = Net()
    other.build((None, 8, 8, 1))
    other.load_weights(tmp_path / "net.weights.h5")
    for same in (other, copy.deepcopy(net)):
        np.testing.assert_array_equal(same.predict(X, verbose=0), expected)
    with pytest.raises(errors.NotSupportedError, match="configuration of a model with a call"):
        net.save(tmp_path / "net.keras")


def test_the_summary_shows_what_the_layers_give() -> None:
    texts: list[str] = []
    net = Net(name="net")
    net.build((None, 8, 8, 1))
    net.summary(print_fn=texts.append)
    assert "(None, 6, 6, 4)" in texts[0]
    assert " Total params: 55 (220.00 B)" in texts[0]


class Two(keras.Model):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first, self.second = layers.Dense(2, name="first"), layers.Dense(1, name="second")

    def call(self, inputs: Any) -> Any:
        a, b = inputs
        return {"first": self.first(a), "second": self.second(b)}


def test_several_inputs_and_outputs() -> None:
    a, b = X[:, 0, :3, 0], X[:, 1, :4, 0]
    net = Two()
    outputs = net.predict([a, b], verbose=0)
    assert {name: value.shape for name, value in outputs.items()} == {"first": (20, 2), "second": (20, 1)}
    net.compile("sgd", {"first": "mse", "second": "mae"})
    history = net.fit([a, b], {"first": a[:, :2], "second": b[:, :1]}, verbose=0).history
    assert sorted(history) == ["first_loss", "loss", "second_loss"]
    with pytest.raises(errors.NotSupportedError, match=r"argument `dtype` of keras.layers.Two .*dtype='float16'"):
        Two(dtype="float16")


def test_compile_before_the_first_data() -> None:
    a, b = X[:, 0, :3, 0], X[:, 1, :4, 0]
    targets = {"first": a[:, :2], "second": b[:, :1]}
    histories = []
    for built in (False, True):
        keras.utils.set_random_seed(0)
        net = Two()
        if built:
            net.build([a.shape, b.shape])
        net.compile("sgd", {"first": "mse", "second": "mae"}, metrics={"second": ["mse"]}, loss_weights=[2, 1])
        histories.append(net.fit([a, b], targets, epochs=2, verbose=0, shuffle=False).history)
    assert histories[0] == histories[1]
    assert list(histories[0]) == ["first_loss", "loss", "second_loss", "second_mse"]
    net = Two()
    net.compile("sgd", {"first": "mse", "third": "mae"})
    for _ in range(2):
        with pytest.raises(errors.ParameterError, match=r"Expected keys \['first', 'second'\] in loss dict"):
            net.fit([a, b], targets, verbose=0)


def test_figures_of_outputs_in_a_list_bear_the_names_of_the_losses() -> None:
    class Pair(Two):
        def call(self, inputs: Any) -> Any:
            return list(super().call(inputs).values())

    a, b = X[:, 0, :3, 0], X[:, 1, :4, 0]
    net = Pair()
    net.compile("sgd", ["mse", keras.losses.MeanAbsoluteError()], metrics=[["mae"], ["mse"]])
    history = net.fit([a, b], [a[:, :2], b[:, :1]], verbose=0).history
    assert list(history) == ["loss", "mae", "mean_absolute_error_loss", "mse", "mse_loss"]
    assert net.metrics_names == ["loss", "mae", "mse", "mse_loss", "mean_absolute_error_loss"]
    net.compile("sgd", "mse")
    net.fit([a, b], [a[:, :2], b[:, :1]], verbose=0)
    assert net.metrics_names == ["loss", "mse_loss", "mse_loss_1"]
    net = Pair()
    net.compile("sgd", ["mse"] * 3)
    with pytest.raises(errors.ParameterError, match="one entry for each of the 2 outputs"):
        net.fit([a, b], [a[:, :2], b[:, :1]], verbose=0)


def test_inputs_in_a_dict() -> None:
    class Named(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2, kernel_initializer="ones")

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs["a"]) + 2 * self.dense(inputs["b"])

    a, b = X[:, 0, :3, 0], X[:, 1, :3, 0]
    net = Named()
    net.compile("sgd", "mse")
    history = net.fit({"b": b, "a": a}, a[:, :2], validation_split=0.5, epochs=2, verbose=0).history
    assert list(history) == ["loss", "val_loss"]
    assert net.evaluate({"a": a, "b": b}, a[:, :2], verbose=0) > 0
    expected = net({"a": a, "b": b})
    np.testing.assert_array_equal(net.predict({"b": b, "a": a}, verbose=0), expected)
    np.testing.assert_allclose(expected, net.dense(a) + 2 * net.dense(b), rtol=1e-5, atol=1e-6)


def test_models_in_models() -> None:
    class Outer(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.head = Net(), keras.Sequential([layers.Dense(2)])

        def call(self, x: Any, training: bool | None = None) -> Any:
            return self.head(self.inner(x, training=training))

    net = Outer()
    net.compile("sgd", "mse")
    net.fit(X, np.zeros((20, 2)), verbose=0)
    assert len(net.weights) == 6


def test_what_is_missing_is_refused_by_name() -> None:
    class NoCall(keras.Model):
        pass

    class Steps(Net):
        def train_step(self, data: Any) -> Any:
            return data

    class Stack(keras.Sequential):
        def call(self, x: Any) -> Any:
            return x

    for cls, match in ((NoCall, "without inputs, outputs or a call"), (Steps, "train_step"), (Stack, r"call\(\) of")):
        with pytest.raises(errors.NotSupportedError, match=match):
            cls()


def test_the_constructor_takes_the_arguments_of_layers() -> None:
    class Own(keras.Model):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)

        def call(self, x: Any) -> Any:
            return x

    assert Own(name="mine", trainable=False, dtype="float32", autocast=True).name == "mine"
    with pytest.raises(errors.ParameterError, match="Unrecognized keyword arguments passed to Own: {'foo': 1}"):
        Own(foo=1)
    with pytest.raises(errors.NotSupportedError, match=r"argument `dtype` of keras\.layers\.Own"):
        Own(dtype="float16")
