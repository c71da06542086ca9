"""Images of another size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import runtime
from convcore.errors import ShapeError
from convcore.plans.affine import Ranges
from convcore.program import Graph, Runner
from convcore.variables import FlatParameters
from tests.checks import normals
from tests.conftest import THREADS
from tests.program.nodes.alone import run

HALVED: dict[str, Any] = {
    "size": (2, 3), "place": (2.0, 0.5, 2.0, 0.5), "interpolation": "bilinear", "first": False, "ranges": None,
}  # fmt: skip


def test_a_fixed_map_and_its_gradient() -> None:
    (x,) = normals(1, (5, 4, 6, 3))
    y, dy, dx = run(lambda graph: graph.add("resample", graph.input, **HALVED), x)
    np.testing.assert_allclose(y, x.reshape(5, 2, 2, 3, 2, 3).mean((2, 4)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(dx, dy.repeat(2, 1).repeat(2, 2) / 4, rtol=1e-6)


def test_random_windows_have_the_same_bits_for_all_threads() -> None:
    (x,) = normals(2, (9, 5, 6, 3))
    results = []
    for count in THREADS:
        with runtime.threads(count):
            graph = Graph((5, 6, 3))
            ranges = Ranges(shift_h=(0.1, -0.7), shift_w=(0.08, -0.58))
            graph.output = graph.add("resample", graph.input, **{**HALVED, "ranges": ranges, "seed": 5})
            results.append(Runner(graph, FlatParameters([])).forward(x, training=True))
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])
    assert all(np.isin(image, source).all() for image, source in zip(results[0], x, strict=True))


def test_only_images_have_a_size() -> None:
    graph = Graph((5, 6))
    with pytest.raises(ShapeError, match="only images can be resized"):
        graph.add("resample", graph.input, **HALVED)
