"""Frames and upsampling, alone: output and gradient, of images and lines in each layout, against the ops."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import ops
from convcore.errors import ParameterError, ShapeError
from convcore.program import Graph
from tests.checks import normals
from tests.program.nodes.alone import N, close, run

SHAPES = [(N, 3, 8, 7), (N, 8, 7, 3), (N, 3, 9), (N, 9, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", ["channels_first", "channels_last"])
@pytest.mark.parametrize("amounts", [((1, 2), (0, 3)), ((-1, 0), (-1, -1)), ((-1, 2), (2, -1))])
def test_frame(shape: tuple[int, ...], layout: str, amounts: tuple[tuple[int, int], tuple[int, int]]) -> None:
    (x,) = normals(1, shape)
    lines, first = len(shape) == 3, 2 if layout == "channels_first" else 1
    words = {"rows": amounts[0]} if lines else {"rows": amounts[0], "columns": amounts[1]}
    y, dy, dx = run(lambda g: g.add("frame", g.input, data_format=layout, **words), x)
    amounts = amounts[: 1 if lines else 2]
    pads, kept, given = [(0, 0)] * x.ndim, [slice(None)] * x.ndim, [slice(None)] * x.ndim
    for axis, (before, after) in enumerate(amounts, start=first):
        pads[axis] = max(before, 0), max(after, 0)
        kept[axis] = slice(max(-before, 0), x.shape[axis] - max(-after, 0))
        given[axis] = slice(max(before, 0), y.shape[axis] - max(after, 0))
    np.testing.assert_array_equal(y, np.pad(x[tuple(kept)], pads))
    expected = np.zeros_like(x)
    expected[tuple(kept)] = dy[tuple(given)]
    np.testing.assert_array_equal(dx, expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", ["channels_first", "channels_last"])
@pytest.mark.parametrize("kind", ["nearest", "bilinear"])
def test_upsample(shape: tuple[int, ...], layout: str, kind: str) -> None:
    (x,) = normals(2, shape)
    at = {3: 1 if layout == "channels_last" else 2}.get(len(shape))
    whole, size = (x, (2, 3)) if at is None else (np.expand_dims(x, at), (1, 3))
    truth = ops.upsample2d(whole, size, interpolation=kind, data_format=layout)
    words = {"size": size, "interpolation": kind, "data_format": layout}
    y, dy, dx = run(lambda g: g.add("upsample", g.input, **words), x)
    close(y, truth.reshape(y.shape))
    back = ops.upsample2d_backward(dy.reshape(truth.shape), whole.shape, size, interpolation=kind, data_format=layout)
    close(dx, back.reshape(x.shape))


def test_what_is_refused() -> None:
    graph = Graph((4, 5, 3))
    with pytest.raises(ShapeError, match="leaves nothing of images of 4x5 pixels"):
        graph.add("frame", graph.input, rows=(-2, -2), columns=(0, 0), data_format="channels_last")
    with pytest.raises(ParameterError, match="data_format"):
        graph.add("upsample", graph.input, size=2, interpolation="nearest", data_format="NHWC")
    assert graph.nodes == []
