"""Sequential with its training methods: configuration, copies, calls in the wrong order."""

from __future__ import annotations

import copy
import json
import threading
from typing import Any

import numpy as np
import pytest

import convcore
from convcore import Sequential, layers, utils
from convcore.errors import BusyError, ParameterError, ShapeError, StateError

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 8, 8, 1)).astype(np.float32)
Y = RNG.integers(0, 3, 40)


def compiled(*more: layers.Layer) -> Sequential:
    utils.set_random_seed(1)
    model = Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            *more,
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_the_front_door_has_it() -> None:
    assert convcore.Sequential is Sequential
    assert convcore.models.Sequential is Sequential
    assert issubclass(Sequential, layers.Layer)


def test_a_call_is_predict() -> None:
    model = compiled()
    np.testing.assert_array_equal(model(X), model.predict(X, verbose=0))


def test_forward_and_backward_fill_the_gradients() -> None:
    model = compiled()
    p = model.forward(X)
    dx = model.backward(np.ones_like(p))
    assert dx.shape == X.shape
    assert all(variable.grad.any() for variable in model.weights[:1])


def test_backward_out_of_order() -> None:
    model = compiled()
    dy = np.zeros((40, 3), np.float32)
    with pytest.raises(StateError, match="forward"):
        model.backward(dy)
    model.forward(X)
    model.backward(dy)
    with pytest.raises(StateError):
        model.backward(dy)


def test_config_makes_the_model_again() -> None:
    model = compiled(layers.Dropout(0.5))
    twin = Sequential.from_config(model.get_config())
    assert twin.get_config() == model.get_config()
    assert [weight.shape for weight in twin.weights] == [weight.shape for weight in model.weights]
    unbuilt = Sequential([layers.Dense(3)], name="u")
    assert not Sequential.from_config(unbuilt.get_config()).built
    deferred = Sequential([layers.Dense(3)])
    deferred.build((None, 2))
    assert Sequential.from_config(deferred.get_config()).output_shape == (None, 3)


@pytest.mark.parametrize("config", [{"layers": 3}, {"nonsense": 1}, {"layers": ["Dense"]}])
def test_configs_that_are_none(config: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        Sequential.from_config(config)


def test_a_deep_copy_trains_on_bit_for_bit_and_apart() -> None:
    model = compiled(layers.Dense(8, activation="relu"))
    model.fit(X, Y, epochs=1, shuffle=False, verbose=0)
    twin = copy.deepcopy(model)
    before = model.get_weights()
    twin.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    for old, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, now)
    model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    for one, other in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert model.optimizer is not twin.optimizer


def test_add_after_fit_trains_on() -> None:
    model = compiled()
    model.fit(X, Y, verbose=0)
    model.add(layers.Dense(3, activation="softmax"))
    model.fit(X, Y, verbose=0)
    assert model.predict(X, verbose=0).shape == (40, 3)


def test_freezing_after_fit_counts_at_once() -> None:
    model = compiled()
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = False
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])
    assert not np.array_equal(before[2], after[2])


def test_two_threads_at_once() -> None:
    entered, release = threading.Event(), threading.Event()

    class Slow(layers.Layer):
        def forward(self, x: Any, training: bool = False) -> Any:
            entered.set()
            release.wait(5)
            return x

        def backward(self, dy: Any) -> Any:
            return dy

    model = Sequential([layers.Input((2,)), Slow()])
    thread = threading.Thread(target=model, args=(np.zeros((1, 2)),))
    thread.start()
    assert entered.wait(5)
    try:
        with pytest.raises(BusyError):
            model(np.zeros((1, 2)))
    finally:
        release.set()
        thread.join()


def test_seeds_make_runs_equal() -> None:
    weights = []
    for _ in range(2):
        model = compiled(layers.Dropout(0.3))
        model.fit(X, Y, epochs=2, verbose=0)
        weights.append(model.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_configuration_is_json() -> None:
    model = compiled()
    assert '"class_name": "Dense"' in model.to_json(indent=2)
    config = json.loads(json.dumps(model.get_config()))
    assert Sequential.from_config(config).output_shape == model.output_shape


def test_a_model_of_layers_for_images_takes_a_single_one() -> None:
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    model = Sequential([layers.Resizing(2, 2), layers.Rescaling(0.5), Sequential([layers.CenterCrop(1, 1)])])
    np.testing.assert_array_equal(model(image), model(image[None])[0])
    with pytest.raises(ShapeError):
        Sequential([layers.Resizing(2, 2), layers.Conv2D(1, 1)])(image)


def test_a_model_without_weights_takes_data_of_another_size() -> None:
    model = Sequential([layers.RandomFlip(), layers.MaxPooling2D()])
    for size in (8, 4):
        assert model(np.ones((2, size, size, 1))).shape == (2, size // 2, size // 2, 1)
    declared = Sequential([layers.Input((8, 8, 1)), layers.MaxPooling2D()])
    with pytest.raises(ShapeError, match="expected shape=.None, 8, 8, 1."):
        declared(np.ones((2, 4, 4, 1)))
