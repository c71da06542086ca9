"""Functions on what stands for arrays between layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import errors
from convcore.layers import functions

X = np.random.default_rng(0).normal(size=(3, 4, 1, 5)).astype("float32")


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("reduce_mean", {"axis": [1, 2]}, X.mean((1, 2))),
        ("mean", {"axis": -1, "keepdims": True}, X.mean(-1, keepdims=True)),
        ("max", {"axis": (1, 3)}, X.max((1, 3))),
        ("reduce_min", {"axis": -1}, X.min(-1)),
        ("sum", {"axis": 1, "keepdims": True}, X.sum(1, keepdims=True)),
        ("reshape", {"newshape": (-1, 5, 4)}, X.reshape(3, 5, 4)),
        ("reshape", {"shape": (None, 20)}, X.reshape(3, 20)),
        ("transpose", {"perm": [0, 3, 1, 2]}, X.transpose(0, 3, 1, 2)),
        ("expand_dims", {"axis": 1}, X[:, None]),
        ("expand_dims", {"axis": -1}, X[..., None]),
        ("squeeze", {"axis": 2}, X[:, :, 0]),
        ("squeeze", {}, X[:, :, 0]),
        ("batch_flatten", {}, X.reshape(3, 20)),
        ("clip_by_value", {"clip_value_min": -0.5, "clip_value_max": 0.75}, X.clip(-0.5, 0.75)),
        ("clip", {"x_min": 0, "x_max": 1}, X.clip(0, 1)),
        ("abs", {}, abs(X)),
        ("square", {}, X * X),
        ("pow", {"y": 3}, X * X * X),
        ("relu", {}, relu(X)),
        ("relu", {"max_value": 0.5, "negative_slope": 0.25}, np.where(X < 0, X / 4, X.clip(0, 0.5))),
        ("elu", {"alpha": 2.0}, np.where(X > 0, X, 2 * np.expm1(X))),
        ("gelu", {"approximate": False}, keras.activations.gelu(X)),
        ("leaky_relu", {"alpha": 0.1}, np.where(X > 0, X, np.float32(0.1) * X)),
        ("exp", {}, np.exp(X)),
        ("cos", {}, np.cos(X)),
        ("sin", {}, np.sin(X)),
        ("l2_normalize", {"axis": 1}, X / np.sqrt((X * X).sum(1, keepdims=True))),
        ("normalize", {"axis": [2, 3], "order": 2}, X / np.sqrt((X * X).sum((2, 3), keepdims=True))),
        ("softmax", {"axis": 1}, np.exp(X) / np.exp(X).sum(1, keepdims=True)),
        ("cast", {"dtype": "float32"}, X),
        ("maximum", {"y": 0.5}, np.maximum(X, 0.5)),
        ("minimum", {"y": 0.5}, np.minimum(X, 0.5)),
    ],
)
def test_functions_give_what_numpy_gives(name: str, arguments: dict[str, Any], expected: Any) -> None:
    given = dict(arguments)
    if "y" in given:
        given["exponent" if name == "pow" else "y"] = given.pop("y")
    inputs = keras.Input(X.shape[1:])
    outputs = functions.apply(name, [inputs], given)
    assert outputs.shape == (None, *expected.shape[1:])
    np.testing.assert_allclose(keras.Model(inputs, outputs)(X), expected, rtol=2e-6, atol=1e-6)


def test_functions_of_several() -> None:
    inputs = keras.Input(X.shape[1:])
    cases: dict[str, Any] = {"concat": np.concatenate([X, 2 * X], -1), "stack": np.stack([X, 2 * X], -1)}
    for name, expected in cases.items():
        outputs = functions.apply(name, [[inputs, 2 * inputs]], {"axis": -1})
        np.testing.assert_array_equal(keras.Model(inputs, outputs)(X), expected)
    for name, expected in {
        "add": 3 * X,
        "subtract": -X,
        "multiply": 2 * X * X,
        "maximum": np.maximum(X, 2 * X),
    }.items():
        outputs = functions.apply(name, [inputs, 2 * inputs], {})
        np.testing.assert_allclose(keras.Model(inputs, outputs)(X), expected, rtol=1e-6)


def test_split() -> None:
    inputs = keras.Input((4, 6))
    x = np.random.default_rng(0).normal(size=(2, 4, 6)).astype("float32")
    for parts in (3, [1, 4]):
        outputs = functions.apply("split", [inputs, parts], {"axis": -1})
        for got, expected in zip(keras.Model(inputs, outputs)(x), np.split(x, parts, -1), strict=True):
            np.testing.assert_array_equal(got, expected)
    with pytest.raises(errors.ParameterError, match="not 4 equal parts"):
        functions.apply("split", [inputs, 4], {"axis": 2})


def test_what_is_known_of_a_tensor() -> None:
    inputs = keras.Input((4, 5))
    for name, expected in {"shape": (None, 4, 5), "int_shape": (None, 4, 5), "ndim": 3, "is_tensor": True}.items():
        assert functions.apply(name, [inputs], {}) == expected
    assert functions.is_symbolic([1, {"a": inputs}])
    assert not functions.is_symbolic(1, X)


@pytest.mark.parametrize(
    ("name", "arguments", "match"),
    [
        ("tan", {}, r"convcore does not implement tan\(\) on what stands for arrays"),
        ("mean", {}, "over the batch"),
        ("mean", {"where": X}, "these arguments of mean"),
        ("reshape", {"shape": (4, 5)}, "changes the batch"),
        ("clip", {"x_min": X, "x_max": 1}, "other limits than numbers"),
        ("mean", {"axis": 1, "dtype": "int32"}, "these arguments of mean"),
        ("relu", {"y": 1}, "these arguments of relu"),
        ("gelu", {"approximate": True}, "these arguments of gelu.*'approximate': True"),
        ("add", {"y": [1, 2]}, "and a list"),
        ("maximum", {"y": X}, "an array"),
        ("l2_normalize", {}, "over the batch"),
        ("normalize", {"order": 1}, "of order 1"),
        ("cast", {"dtype": "int32"}, "a cast to int32"),
        ("cast", {"dtype": np.bool_}, "a cast to bool"),
        ("convert_to_tensor", {"dtype": np.dtype("uint8")}, "a cast to uint8"),
        ("divide", {"y": keras.Input((4, 1, 5))}, "quotient"),
        ("power", {"exponent": 0.5}, r"\*\* 0.5"),
        ("matmul", {"y": 2.0}, "matrix products"),
    ],
)
def test_the_rest_is_refused_by_name(name: str, arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(errors.NotSupportedError, match=match):
        functions.apply(name, [keras.Input(X.shape[1:])], arguments)


def test_only_axes_of_length_one_can_go() -> None:
    with pytest.raises(errors.ParameterError, match="axes of length 1"):
        functions.apply("squeeze", [keras.Input((4, 5))], {"axis": 1})


def test_a_fault_inside_a_function_keeps_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(x: Any) -> Any:
        raise TypeError("mine")

    monkeypatch.setitem(functions.FUNCTIONS, "faulty", faulty)
    with pytest.raises(TypeError, match="^mine$"):
        functions.apply("faulty", [keras.Input((4,))], {})
