"""channels_first and channels_last."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.layers import layout
from convcore.program import Graph, Runner
from convcore.variables import FlatParameters


@pytest.mark.parametrize("shape", [(2,), (2, 5), (2, 3, 7), (2, 3, 4, 5)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_there_and_back(shape: tuple[int, ...], data_format: str) -> None:
    last = layout.shape_to_channels_last(shape, data_format)
    assert layout.shape_from_channels_last(last, data_format) == shape
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    graph = Graph(shape[1:])
    inside = layout.to_channels_last(graph, graph.input, data_format)
    assert (2, *inside.shape) == last
    graph.output = layout.from_channels_last(graph, inside, data_format)
    np.testing.assert_array_equal(Runner(graph, FlatParameters([])).forward(x), x)
    assert len(graph.nodes) == (2 if data_format == "channels_first" and len(shape) > 2 else 0)


def test_channels_move() -> None:
    x = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    graph = Graph(x.shape[1:])
    graph.output = layout.to_channels_last(graph, graph.input, "channels_first")
    np.testing.assert_array_equal(Runner(graph, FlatParameters([])).forward(x), np.moveaxis(x, 1, -1))
