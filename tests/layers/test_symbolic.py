"""The stand-ins for arrays between layers."""

from __future__ import annotations

import numpy as np
import pytest

import convcore
from convcore import errors


def test_arithmetic_on_what_stands_for_arrays() -> None:
    a, b = convcore.Input((3,)), convcore.Input((3,))
    x, y = np.float32([[1.0, 2.0, 4.0]]), np.float32([[8.0, 3.0, 5.0]])
    for symbols, expected in (
        (a + b, x + y),
        (a - b, x - y),
        (a * b, x * y),
        (2 * a + 1, 2 * x + 1),
        (3 - a / 2, 3 - x / 2),
        (-a - 1.5, -x - 1.5),
    ):
        model = convcore.Model([a, b], [symbols, b])
        np.testing.assert_array_equal(model([x, y])[0], expected)
    for wrong in ("text", None):
        with pytest.raises(TypeError):
            a + wrong
        with pytest.raises(TypeError):
            wrong * a


def test_numbers_of_numpy_are_numbers() -> None:
    a, x = convcore.Input((3,)), np.float32([[1.0, 2.0, 4.0]])
    y = np.float32(2) * a + np.array(1.0)
    np.testing.assert_array_equal(convcore.Model(a, np.float64(3) - y)(x), 3 - (2 * x + 1))


def test_functions_of_numpy_are_refused_by_name() -> None:
    a, array = convcore.Input((3,)), np.ones(3, np.float32)
    for compute, name in (
        (lambda: np.sin(a), "sin"),
        (lambda: np.maximum(a, 0), "maximum"),
        (lambda: a + array, "add"),
        (lambda: array + a, "add"),
        (lambda: np.float32(1) / a, "values of a tensor"),
        (lambda: np.add.reduce([a, a]), "values of a tensor"),
        (lambda: array @ a, "matmul"),
    ):
        with pytest.raises(errors.NotSupportedError, match=name):
            compute()
