"""Activations by name, and on arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convcore import Model, activations, layers
from convcore.errors import NotSupportedError, ParameterError


@pytest.mark.parametrize("name", [*activations._FUNCTIONS])
def test_names_in_any_case_and_back(name: str) -> None:
    function = activations.get(name.upper())
    assert function is getattr(activations, name)
    assert activations.get(function) is function
    assert activations.serialize(function) == name


def test_other_names_of_keras() -> None:
    assert activations.get("swish") is activations.silu
    assert activations.get("hard_swish") is activations.hard_swish is activations.hard_silu


def test_a_layer_may_serve() -> None:
    layer = layers.ReLU(6.0)
    assert activations.get(layer) is layer
    assert activations.serialize(layer) == {"class_name": "ReLU", "config": layer.get_config()}
    with pytest.raises(NotSupportedError):
        activations.get(layers.ReLU)


def test_none_is_linear() -> None:
    assert activations.get(None) is activations.linear


def test_unknown_names_list_what_there_is() -> None:
    with pytest.raises(ParameterError, match=r"identifier: foo\. Supported: celu, elu, expo"):
        activations.get("foo")


def test_names_of_keras_are_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match=r"keras\.activations\.glu \(supported: celu, elu"):
        activations.get("glu")
    with pytest.raises(NotSupportedError, match=r"keras\.activations\.sparsemax"):
        _ = activations.sparsemax
    with pytest.raises(AttributeError):
        _ = activations.nonsense


@pytest.mark.parametrize("bad", [np.tanh, lambda x: x])
def test_functions_of_ones_own_are_refused_with_a_way_out(bad: Any) -> None:
    with pytest.raises(NotSupportedError, match="Layer"):
        activations.get(bad)


def test_what_is_no_activation_is_refused() -> None:
    with pytest.raises(ParameterError):
        activations.get(3)
    with pytest.raises(ParameterError):
        activations.serialize(np.tanh)


def test_relu_and_its_variants() -> None:
    x = np.array([-2.0, -0.5, 0.0, 0.5, 3.0, np.nan], dtype=np.float32)
    np.testing.assert_array_equal(activations.relu(x), np.array([0, 0, 0, 0.5, 3, np.nan], dtype=np.float32))
    np.testing.assert_array_equal(
        activations.relu(x, negative_slope=0.5, max_value=2.0, threshold=0.25)[:5],
        np.array([-1.125, -0.375, -0.125, 0.5, 2.0], dtype=np.float32),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8"])
def test_values_and_dtypes(dtype: str) -> None:
    x = np.array([[0, 1, 2], [3, 1, 0]], dtype=dtype)
    exact = x.astype(np.float64)
    expected = np.float64 if dtype == "float64" else np.float32
    tolerance = 1e-6
    for function, values in (
        (activations.sigmoid, 1 / (1 + np.exp(-exact))),
        (activations.tanh, np.tanh(exact)),
        (activations.softmax, np.exp(exact) / np.exp(exact).sum(-1, keepdims=True)),
        (activations.linear, exact),
    ):
        y = function(x)
        np.testing.assert_allclose(y, values, rtol=tolerance)
        if function is not activations.linear:
            assert y.dtype == expected


def test_softmax_along_another_axis() -> None:
    x = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(activations.softmax(x, axis=0), activations.softmax(x.T).T)


@pytest.mark.parametrize("options", [{}, {"threshold": 1.0}, {"threshold": 1.0, "negative_slope": 0.5}])
def test_relu_and_its_layer_agree_at_the_threshold(options: dict[str, float]) -> None:
    x = np.array([[1.0, 0.0, -0.0, np.nan, np.inf, -np.inf, 1.5]], np.float32)
    y = activations.relu(x, **options)
    assert y.dtype == np.float32
    assert y[0, 0] == (0.0 if options else 1.0)
    np.testing.assert_array_equal(layers.ReLU(**options)(x), y)
    assert np.array_equal(np.signbit(layers.ReLU(**options)(x)[:, :3]), np.signbit(y[:, :3]))


@pytest.mark.parametrize("function", [activations.softmax, activations.log_softmax])
def test_several_axes_count_as_one(function: Callable[..., Any]) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    expected = function(x.transpose(0, 2, 1, 3).reshape(2, 4, 15)).reshape(2, 4, 3, 5).transpose(0, 2, 1, 3)
    np.testing.assert_array_equal(function(x, axis=(1, 3)), expected)
    for axis in ((), (1, 1), (1, 4), (0.5,)):
        with pytest.raises(ParameterError, match="axis"):
            function(x, axis=axis)


@pytest.mark.parametrize("name", sorted({*activations._FUNCTIONS} - {"threshold"}))
def test_between_layers_a_function_is_a_layer(name: str) -> None:
    function = getattr(activations, name)
    x = np.linspace(-3, 3, 20, dtype=np.float32).reshape(4, 5)
    inputs = layers.Input((5,))
    np.testing.assert_array_equal(Model(inputs, layers.ReLU()(function(inputs)))(x), activations.relu(function(x)))


def test_settings_between_layers() -> None:
    inputs = layers.Input((5,))
    assert activations.relu(inputs, max_value=6.0).shape == activations.softmax(inputs, axis=1).shape == (None, 5)
    for refused in (lambda: activations.celu(inputs, 2.0), lambda: activations.threshold(inputs, 1.0, 2.0)):
        with pytest.raises(NotSupportedError, match="these arguments of"):
            refused()
