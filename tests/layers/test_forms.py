"""The arguments of a call() of one's own."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.layers.forms import Place, filled, placed, shapes_in

A, B = np.zeros(1), np.ones(1)


def test_places_of_tensors_and_back() -> None:
    tensors: list[object] = []
    form = placed({"b": [A, 3], "a": (B, "text")}, tensors, is_first=False)
    assert form == {"b": [Place(1), 3], "a": [Place(0), "text"]}
    assert tensors == [B, A]
    assert list(form) == ["b", "a"]
    assert filled(form, ["x", "y"]) == {"b": ["y", 3], "a": ["x", "text"]}


def test_the_first_argument_is_a_tensor_whatever_it_is() -> None:
    tensors: list[object] = []
    assert placed([1, 2], tensors, is_first=False) == [1, 2]
    assert placed([1, 2], tensors, is_first=True) == Place(0)
    assert tensors == [[1, 2]]


@pytest.mark.parametrize(
    ("given", "shapes"),
    [
        ((None, 3), [(None, 3)]),
        ([(None, 3), [None, 4]], [(None, 3), (None, 4)]),
        ({"b": (None, 1), "a": (None, 2)}, [(None, 2), (None, 1)]),
    ],
)
def test_shapes_in_any_structure(given: object, shapes: list[tuple[int | None, ...]]) -> None:
    assert shapes_in(given) == shapes
