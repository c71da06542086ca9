"""Functions of each element that NumPy computes."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

import convcore as keras
from convcore.errors import ParameterError
from convcore.layers.elementwise import Elementwise

X = np.random.default_rng(0).uniform(0.5, 2, (3, 4, 5)).astype("float32")
FUNCTIONS = {"cos": np.cos, "log": np.log, "rsqrt": lambda x: x**-0.5, "sin": np.sin, "sqrt": np.sqrt}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_gradients_and_files(name: str, tmp_path: Path) -> None:
    function, x, step = FUNCTIONS[name], X.astype("float64"), 1e-6
    inputs = keras.Input(X.shape[1:])
    model = keras.Model(inputs, Elementwise(name)(inputs))
    np.testing.assert_allclose(model.predict(X, verbose=0), function(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(Elementwise(name)(X), function(x), rtol=1e-5, atol=1e-6)
    slopes = (function(x + step) - function(x - step)) / (2 * step)
    model.forward(X)
    np.testing.assert_allclose(model.backward(X), slopes * x, rtol=1e-4, atol=1e-6)
    model.save(tmp_path / "m.keras")
    for twin in (keras.models.load_model(tmp_path / "m.keras"), copy.deepcopy(model)):
        np.testing.assert_array_equal(twin(X), model(X))


def test_values_outside_the_domain_are_those_of_numpy_without_a_warning() -> None:
    assert np.isnan(Elementwise("sqrt")([[-1.0]])).all()
    assert np.isneginf(Elementwise("log")([[0.0]])).all()


def test_a_distance_of_two_branches_trains() -> None:
    x = np.random.default_rng(1).normal(size=(32, 4)).astype("float32")
    a, b = keras.Input((4,)), keras.Input((4,))
    dense = keras.layers.Dense(3)
    difference = dense(a) - dense(b)
    squares = keras.layers.GlobalAveragePooling1D()(keras.layers.Reshape((3, 1))(difference * difference)) * 3
    model = keras.Model([a, b], Elementwise("sqrt")(squares + 1e-7))
    model.compile("adam", "mse")
    losses = model.fit([x, -x], np.ones((32, 1)), epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_other_functions_are_refused() -> None:
    with pytest.raises(ParameterError, match="function of each element: 'arctan'"):
        Elementwise("arctan")
