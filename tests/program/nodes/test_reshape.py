"""Kinds that only rearrange."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ParameterError, ShapeError
from convcore.program import Graph
from tests.checks import normals
from tests.program.nodes.alone import N, run


@pytest.mark.parametrize("shape", [(60,), (5, 12), (5, 3, 4)])
def test_the_elements_stay_in_order(shape: tuple[int, ...]) -> None:
    (x,) = normals(1, (N, 4, 3, 5))
    y, dy, dx = run(lambda g: g.add("reshape", g.input, shape=shape), x)
    np.testing.assert_array_equal(y, x.reshape(N, *shape))
    np.testing.assert_array_equal(dx, dy.reshape(x.shape))


def test_their_number_stays() -> None:
    graph = Graph((8, 6, 3))
    with pytest.raises(ShapeError, match="144 elements to 49"):
        graph.add("reshape", graph.input, shape=(7, 7))
    assert graph.nodes == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (1, 0, 2), (2, 1, 0)])
@pytest.mark.parametrize("shape", [(4, 3, 5), (1, 3, 1), (4, 1, 1)])
def test_axes_change_places(shape: tuple[int, ...], order: tuple[int, ...]) -> None:
    (x,) = normals(1, (N, *shape))
    y, dy, dx = run(lambda g: g.add("permute", g.input, order=order), x)
    axes = (0, *(axis + 1 for axis in order))
    np.testing.assert_array_equal(y, x.transpose(axes))
    np.testing.assert_array_equal(dx, dy.transpose(np.argsort(axes)))


def test_each_axis_has_one_place() -> None:
    graph = Graph((8, 6, 3))
    with pytest.raises(ParameterError, match="order"):
        graph.add("permute", graph.input, order=(0, 1, 1))
