"""Structures of arguments and results."""

from __future__ import annotations

from typing import Any

import pytest

from convcore.layers.structures import flat, one_or_all, packed


@pytest.mark.parametrize(
    ("structure", "things"),
    [(3, [3]), ([3], [3]), ((1, [2, {"a": 3}]), [1, 2, 3]), ({"b": 1, "a": [2]}, [2, 1]), ([], [])],
)
def test_things_in_order_and_back(structure: Any, things: list[int]) -> None:
    assert flat(structure) == things
    assert packed(structure, things) == structure
    assert flat(packed(structure, [str(thing) for thing in things])) == [str(thing) for thing in things]


def test_one_thing_is_no_list() -> None:
    assert one_or_all((3,)) == 3
    assert one_or_all((3, 4)) == [3, 4]
    assert one_or_all([]) == []
