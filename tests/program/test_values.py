"""Values and nodes are what they are by identity."""

from __future__ import annotations

import pytest

from convcore.program.values import Node, Value


@pytest.mark.parametrize(("shape", "size"), [((), 1), ((3,), 3), ((2, 3, 4), 24), ((5, 0), 0)])
def test_a_value_has_as_many_elements_as_its_shape(shape: tuple[int, ...], size: int) -> None:
    assert Value(shape).size == size


def test_two_of_one_shape_are_two() -> None:
    a, b = Value((3,)), Value((3,))
    assert a != b
    assert len({a, b}) == 2
    assert Node("relu", (a,), b) != Node("relu", (a,), b)


def test_nodes_of_one_seed_have_keys_of_their_own() -> None:
    nodes = [Node("dropout", (), Value(()), settings={"seed": 2**63 - 1}, index=index) for index in range(3)]
    keys = [node.random_key for node in nodes]
    assert keys[0] == 2**63 - 1
    assert len(set(keys)) == 3
    assert all(0 <= key < 2**63 for key in keys)
