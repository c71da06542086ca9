"""Merge layers against NumPy, with Keras's broadcasting, shapes and texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convcore import layers
from convcore.errors import NotSupportedError, ParameterError, ShapeError
from tests.checks import normals
from tests.reference import Array

KINDS: dict[str, Callable[[Array, Array], Array]] = {
    "Add": np.add,
    "Subtract": np.subtract,
    "Multiply": np.multiply,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Average": lambda x, y: (x + y) / 2,
}
SHAPES = [
    ((4,), (4,)),
    ((3, 5, 4), (3, 5, 4)),
    ((3, 5, 4), (1, 1, 4)),
    ((3, 5, 1), (3, 5, 4)),
    ((1, 5, 4), (3, 1, 1)),
    ((3, 5, 4), (4,)),
    ((1,), (3, 2)),
    ((2, 1, 3, 1), (1, 4, 1, 5)),
]


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("name", KINDS)
def test_values_and_gradients(name: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    layer = getattr(layers, name)()
    xs = list(normals(1, *((6, *shape) for shape in shapes)))
    rank = max(len(shape) for shape in shapes)
    wide = [x.reshape(6, *(1,) * (rank + 1 - x.ndim), *x.shape[1:]).astype(np.float64) for x in xs]
    truth = KINDS[name](*wide)
    y = layer(xs)
    np.testing.assert_allclose(y, truth, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(layer.forward(xs), y)
    assert layer.compute_output_shape([(None, *shape) for shape in shapes]) == (None, *truth.shape[1:])
    (dy,) = normals(2, y.shape)
    gradients = layer.backward(dy)
    for number, (x, gradient) in enumerate(zip(wide, gradients, strict=True)):
        assert gradient.shape == xs[number].shape
        direction = np.random.default_rng(number).standard_normal(x.shape)
        sides = []
        for sign in (1e-6, -1e-6):
            moved = [*wide]
            moved[number] = x + sign * direction
            sides.append((KINDS[name](*moved) * dy).sum())
        found = (gradient.reshape(x.shape) * direction).sum()
        assert found == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("name", ["Add", "Multiply", "Maximum", "Minimum", "Average"])
def test_lists_of_any_length(name: str) -> None:
    a, b, c = normals(3, (5, 4), (5, 4), (5, 4))
    layer = getattr(layers, name)()
    np.testing.assert_array_equal(layer([a]), a)
    three = {"Add": a + b + c, "Multiply": a * b * c, "Average": (a + b + c) / 3}
    three |= {"Maximum": np.maximum(np.maximum(a, b), c), "Minimum": np.minimum(np.minimum(a, b), c)}
    np.testing.assert_array_equal(layer([a, b, c]), three[name].astype(np.float32))


@pytest.mark.parametrize("axis", [-1, 1, 2, 3, -3])
def test_concatenate(axis: int) -> None:
    shapes = [[6, 3, 4, 5] for _ in range(3)]
    for number, shape in enumerate(shapes):
        shape[axis] += number
    xs = list(normals(4, *(tuple(shape) for shape in shapes)))
    layer = layers.Concatenate(axis=axis)
    y = layer.forward(xs)
    np.testing.assert_array_equal(y, np.concatenate(xs, axis=axis))
    for gradient, x in zip(layer.backward(y), xs, strict=True):
        np.testing.assert_array_equal(gradient, x)
    assert layer.compute_output_shape([tuple(shape) for shape in shapes]) == y.shape
    assert layers.Concatenate.from_config(layer.get_config()).axis == axis


def test_functions_of_the_same_names() -> None:
    a, b = normals(5, (5, 4), (5, 4))
    for name in KINDS:
        expected = getattr(layers, name)()([a, b])
        np.testing.assert_array_equal(getattr(layers, name.lower())([a, b]), expected)
    np.testing.assert_array_equal(layers.concatenate([a, b], axis=1), np.concatenate([a, b], axis=1))
    assert layers.add([layers.Input((3,)), layers.Input((3,))], name="total").layer.name == "total"


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: layers.Add()(np.ones((2, 3))), ParameterError, r"should be called on a list of inputs\. Received"),
        (lambda: layers.Add()(layers.Input((3,))), ParameterError, r"input_shape=\(None, 3\) \(not a list of shapes\)"),
        (lambda: layers.Add()([]), ParameterError, "at least 1 input. Received 0 inputs"),
        (
            lambda: layers.Add()([np.ones((2, 3)), np.ones((2, 4))]),
            ShapeError,
            r"Inputs have incompatible shapes\. Received shapes \(3,\) and \(4,\)",
        ),
        (
            lambda: layers.Add()([np.ones((2, 3)), np.ones((4, 3))]),
            ShapeError,
            "Cannot merge tensors with different batch sizes",
        ),
        (lambda: layers.Subtract()([np.ones((2, 3))] * 3), ParameterError, "called on exactly 2 inputs"),
        (
            lambda: layers.Concatenate()([np.ones((2, 3, 4)), np.ones((2, 4, 4))]),
            ShapeError,
            "requires inputs with matching shapes except for the concatenation axis",
        ),
        (lambda: layers.Concatenate(axis=3)([np.ones((2, 3))] * 2), ShapeError, "matching shapes"),
        (lambda: layers.Concatenate()([]), ParameterError, "at least 1 input"),
        (lambda: layers.Concatenate(axis=0), NotSupportedError, "axis=0"),
        (lambda: layers.Concatenate(axis="x"), ParameterError, "must be an integer"),
        (lambda: layers.Add().compute_output_shape((None, 3)), ParameterError, "not a list of shapes"),
        (lambda: layers.Concatenate().compute_output_shape((None, 3)), ParameterError, "on a list of inputs"),
    ],
)
def test_what_does_not_fit_is_refused(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()
