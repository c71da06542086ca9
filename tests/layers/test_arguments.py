"""The arguments that every layer takes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from convcore import layers
from convcore.errors import ParameterError
from convcore.layers.arguments import is_float32, is_name

TEXT = (
    "Do not pass an `input_shape`/`input_dim` argument to a layer. When using Sequential models, prefer using an "
    "`Input(shape)` object as the first layer in the model instead."
)


class Own(layers.MaxPooling2D):
    """A class with a constructor more."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: layers.Conv2D(1, 3, input_shape=(28, 28, 1)), (28, 28, 1)),
        (lambda: layers.Flatten(input_shape=[28, 28]), (28, 28)),
        (lambda: layers.Dense(1, input_dim=7), (7,)),
        (lambda: layers.MaxPooling2D(input_shape=(4, 4, 1)), (4, 4, 1)),
        (lambda: layers.RandomZoom(0.1, input_shape=(4, 4, 1)), (4, 4, 1)),
        (lambda: Own(input_shape=(4, 4, 1)), (4, 4, 1)),
    ],
)
def test_input_shape_still_works_and_warns_at_the_line_of_the_caller(make: Any, shape: tuple[int, ...]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        layer = make()
    assert [(str(warning.message), warning.filename) for warning in caught] == [(TEXT, __file__)]
    assert layer._input_shape_arg == shape


@pytest.mark.parametrize("name", ["a/b", "a\0b", "a\nb", "x" * 257, 3, b"a"])
def test_names_that_are_none(name: Any) -> None:
    assert not is_name(name)
    with pytest.raises(ParameterError, match="Argument `name` must be a string"):
        layers.Dense(1, name=name)


def test_names_may_have_any_letters() -> None:
    for name in ("größe 1", ""):
        assert layers.Dense(1, name=name).name == name


def test_float32_has_many_names() -> None:
    assert all(is_float32(dtype) for dtype in (None, "float32", np.float32, np.dtype("f4"), "<f4"))
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
    assert is_float32(policy)
    others = ({**policy, "config": {"name": "mixed_float16"}}, {**policy, "config": 3}, {"class_name": "Dense"}, {1: 2})
    assert not any(is_float32(dtype) for dtype in ("float64", "mixed_float16", int, object(), *others))
