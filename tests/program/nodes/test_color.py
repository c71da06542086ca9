"""Colours changed at random."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.errors import ShapeError
from convcore.program import Graph, Runner
from convcore.variables import FlatParameters
from tests.checks import normals

SETTINGS: dict[str, Any] = {"low": 2.0, "high": 2.0, "floor": -100.0, "ceiling": 100.0, "seed": 7, "first": False}


@pytest.mark.parametrize("contrast", [False, True])
def test_in_training_only(contrast: bool) -> None:
    (x,) = normals(1, (4, 5, 6, 3))
    graph = Graph((5, 6, 3))
    graph.output = graph.add("random_color", graph.input, contrast=contrast, **SETTINGS)
    runner = Runner(graph, FlatParameters([]))
    np.testing.assert_array_equal(runner.forward(x), x)
    mean = x.mean((1, 2), keepdims=True)
    expected = (x - mean) * 2 + mean if contrast else x + 2
    np.testing.assert_allclose(runner.forward(x, training=True), expected, rtol=1e-5, atol=1e-5)


def test_nothing_happens_where_it_is_told_to_infer() -> None:
    (x,) = normals(1, (4, 5, 6, 3))
    graph = Graph((5, 6, 3))
    graph.infers = True
    graph.output = graph.add("random_color", graph.input, contrast=True, **SETTINGS)
    runner = Runner(graph, FlatParameters([]))
    np.testing.assert_array_equal(runner.forward(x, training=True), x)
    np.testing.assert_array_equal(runner.backward(2 * x), 2 * x)


def test_only_images_have_colours() -> None:
    graph = Graph((5, 6))
    with pytest.raises(ShapeError, match="colours are those of images"):
        graph.add("random_color", graph.input, contrast=True, **SETTINGS)
