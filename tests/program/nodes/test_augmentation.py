"""Kinds that change images at random."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import ops, runtime
from convcore.errors import ResourceLimitError, ShapeError
from convcore.plans.affine import Ranges
from convcore.program import Graph, Runner
from convcore.variables import FlatParameters, Variable
from tests.checks import normals
from tests.conftest import THREADS

SHIFTS = Ranges(shift_h=(-0.5, 0.5), shift_w=(-0.5, 0.5))


def graph_of(shape: tuple[int, ...], **changes: Any) -> Graph:
    graph = Graph(shape)
    settings = {"ranges": SHIFTS, "seed": 7, "interpolation": "bilinear", "border": 1, "fill_value": 0.0}
    graph.output = graph.add("random_affine", graph.input, **{**settings, "first": False, **changes})
    return graph


def test_it_happens_in_training_only_and_anew_each_time() -> None:
    (x,) = normals(1, (6, 8, 9, 3))
    runner = Runner(graph_of((8, 9, 3)), FlatParameters([]))
    np.testing.assert_array_equal(runner.forward(x), x)
    y = runner.forward(x, training=True)
    assert all(not np.array_equal(a, b) for a, b in zip(x, y, strict=True))
    assert not np.array_equal(runner.forward(x, training=True), y)


@pytest.mark.parametrize("n", [1, 5])
def test_layouts_and_threads_have_the_same_bits(n: int) -> None:
    (x,) = normals(2, (n, 8, 9, 3))
    results = []
    for count in THREADS:
        with runtime.threads(count):
            results.append(Runner(graph_of((8, 9, 3)), FlatParameters([])).forward(x, training=True))
            turned = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
            first = Runner(graph_of((3, 8, 9), first=True), FlatParameters([])).forward(turned, training=True)
            results.append(first.transpose(0, 2, 3, 1))
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


def test_the_gradient_is_the_adjoint() -> None:
    """What comes out is linear in the images, with the maps of this call: so its gradient has this inner product."""
    for first in (False, True):
        x, dy = normals(3, (5, 8, 9, 3), (5, 8, 9, 3))
        runner = Runner(graph_of((8, 9, 3), first=first, border=0), FlatParameters([]))
        y = runner.forward(x, training=True)
        dx = runner.backward(dy)
        assert np.vdot(dx.astype(np.float64), x) == pytest.approx(np.vdot(y.astype(np.float64), dy), rel=1e-5)


def test_a_layer_before_it_learns_through_it() -> None:
    x, dy, kernel = normals(4, (5, 8, 9, 2), (5, 8, 9, 3), (1, 1, 2, 3))
    w = Variable(kernel, name="w")
    graph = Graph((8, 9, 2))
    seen = graph.add("conv2d", graph.input, parameters=(w, None), stride=1, padding="valid")
    graph.output = graph.add(
        "random_affine", seen, ranges=SHIFTS, seed=7, interpolation="bilinear", border=1, fill_value=0.0, first=False
    )
    runner = Runner(graph, FlatParameters([w]))
    runner.forward(x, training=True)
    runner.backward(dy)
    # The same maps, on what the convolution gives.
    behind = Graph((8, 9, 3))
    behind.add("relu", behind.input)  # so that the node has the number that it has above
    behind.output = behind.add(
        "random_affine", behind.input, ranges=SHIFTS, seed=7, interpolation="bilinear", border=1, fill_value=0.0,
        first=False,
    )  # fmt: skip
    alone = Runner(behind, FlatParameters([]))
    alone.forward(ops.conv2d(x, kernel), training=True)
    dw, _ = ops.conv2d_backward_weights(x, alone.backward(dy), kernel.shape)
    np.testing.assert_allclose(w.grad, dw, rtol=1e-4, atol=1e-4)


def test_nodes_of_one_seed_draw_their_own() -> None:
    (x,) = normals(5, (4, 8, 9, 1))
    graph = graph_of((8, 9, 1))
    words: dict[str, Any] = {"seed": 7, "interpolation": "bilinear", "border": 1, "fill_value": 0.0, "first": False}
    other = graph.add("random_affine", graph.input, ranges=SHIFTS, **words)
    graph.outputs = (graph.output, other)
    one, two = Runner(graph, FlatParameters([])).forward_all([x], training=True)
    assert not np.array_equal(one, two)


def test_what_is_no_image() -> None:
    with pytest.raises(ShapeError, match="images"):
        graph_of((8, 9))
    with pytest.raises(ResourceLimitError, match="resampled"):
        graph_of((2**15, 2**15, 1))
