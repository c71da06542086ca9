"""What the optimiser asks of a kind: which pixels of an input some pixels of the output need."""

from __future__ import annotations

import pytest

from convcore.program import Graph
from convcore.program.nodes import NODES


@pytest.mark.parametrize(
    ("kind", "settings", "output", "needed"),
    [
        ("relu", {}, (3, 4), (3, 4)),
        ("relu", {}, None, None),
        ("softmax", {}, (3, 4), None),
        ("max_pool2d", {}, (3, 4), (6, 8)),
        ("max_pool2d", {}, None, (12, 14)),  # the last row of 13 is nobody's
        ("max_pool2d", {"pool_size": 3, "stride": 2, "padding": "same"}, (2, 1), (4, 3)),  # one row of padding above
        ("max_pool2d", {"pool_size": 3, "stride": 1, "padding": 1}, None, (13, 14)),
    ],
)
def test_pixels_that_are_needed(
    kind: str, settings: dict[str, object], output: tuple[int, int] | None, needed: tuple[int, int] | None
) -> None:
    graph = Graph((13, 14, 2))
    graph.add(kind, graph.input, **settings)
    assert NODES[kind].needed(graph.nodes[0], output) == needed
