"""Pooling, alone: output and gradient against the naive definition."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ConvcoreError, ParameterError, ShapeError
from convcore.program import Graph
from tests import reference, sliding
from tests.checks import normals
from tests.program.nodes.alone import N, close, run


def test_max_pool2d() -> None:
    (x,) = normals(1, (N, 8, 7, 3))
    y, dy, dx = run(lambda g: g.add("max_pool2d", g.input, pool_size=3, stride=2, padding="same"), x)
    pads = reference.resolve_pads("same", (8, 7), (3, 3), (2, 2))
    truth, indices = sliding.max_pool2d(x, (3, 3), stride=(2, 2), pads=pads)
    np.testing.assert_array_equal(y, truth)
    close(dx, sliding.max_pool2d_backward(dy, indices, x.shape))


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [({"pool_size": 9, "stride": 1}, ShapeError, "window"), ({"padding": "vaild"}, ParameterError, "padding")],
)
def test_what_does_not_fit_is_refused(settings: dict[str, object], error: type[ConvcoreError], words: str) -> None:
    graph = Graph((8, 6, 3))
    with pytest.raises(error, match=words):
        graph.add("max_pool2d", graph.input, **settings)
    assert graph.nodes == []
