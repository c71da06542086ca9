"""Pooling, alone: output and gradient against the naive definition."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import ops
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


@pytest.mark.parametrize("channels", [1, 3, 17])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_avg_pool2d(padding: str, channels: int) -> None:
    (x,) = normals(1, (N, 8, 7, channels))
    y, dy, dx = run(lambda g: g.add("avg_pool2d", g.input, pool_size=3, stride=2, padding=padding), x)
    pads = reference.resolve_pads(padding, (8, 7), (3, 3), (2, 2))
    close(y, reference.avg_pool2d(x, (3, 3), stride=(2, 2), pads=pads))
    close(dx, reference.avg_pool2d(x, (3, 3), stride=(2, 2), pads=pads, dy=dy))


@pytest.mark.parametrize("shape", [(N, 3, 8, 7), (N, 8, 7, 3), (N, 3, 9), (N, 9, 3)])
@pytest.mark.parametrize("layout", ["channels_first", "channels_last"])
def test_planes(shape: tuple[int, ...], layout: str) -> None:
    """Images and lines in each layout, as the ops have them."""
    (x,) = normals(2, shape)
    pool = (2, 3) if len(shape) == 4 else (1, 3)
    at = {3: 1 if layout == "channels_last" else 2}.get(len(shape))
    whole = x if at is None else np.expand_dims(x, at)
    words = {"pool_size": pool, "stride": (1, 2), "padding": "same"}
    in_ops: dict[str, object] = words | {"data_format": layout}
    truth, indices = ops.max_pool2d(whole, return_indices=True, **in_ops)  # type: ignore[arg-type]
    y, dy, dx = run(lambda g: g.add("max_pool_planes", g.input, data_format=layout, **words), x)
    np.testing.assert_array_equal(y, truth.reshape(y.shape))
    gradient = ops.max_pool2d_backward(dy.reshape(truth.shape), indices, whole.shape, **in_ops)  # type: ignore[arg-type]
    np.testing.assert_array_equal(dx, gradient.reshape(shape))
    y, dy, dx = run(lambda g: g.add("avg_pool_planes", g.input, data_format=layout, **words), x)
    np.testing.assert_array_equal(y, ops.avg_pool2d(whole, **in_ops).reshape(y.shape))  # type: ignore[arg-type]
    gradient = ops.avg_pool2d_backward(dy.reshape(truth.shape), whole.shape, **in_ops)  # type: ignore[arg-type]
    np.testing.assert_array_equal(dx, gradient.reshape(shape))


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("layout", ["channels_first", "channels_last"])
@pytest.mark.parametrize("shape", [(N, 5, 4, 3), (N, 6, 9)])
def test_whole_planes(shape: tuple[int, ...], layout: str, keepdims: bool) -> None:
    (x,) = normals(3, shape)
    axes = tuple(range(1, len(shape) - 1)) if layout == "channels_last" else tuple(range(2, len(shape)))
    words = {"data_format": layout, "keepdims": keepdims}
    y, dy, dx = run(lambda g: g.add("global_max_pool", g.input, **words), x)
    np.testing.assert_array_equal(y, x.max(axis=axes, keepdims=keepdims))
    kept = dy if keepdims else np.expand_dims(dy, axes)
    np.testing.assert_array_equal(dx, np.where(x == x.max(axis=axes, keepdims=True), kept, 0))
    y, dy, dx = run(lambda g: g.add("global_avg_pool", g.input, **words), x)
    close(y, x.mean(axis=axes, keepdims=keepdims, dtype=np.float64))
    kept = dy if keepdims else np.expand_dims(dy, axes)
    close(dx, np.broadcast_to(kept / np.prod([shape[axis] for axis in axes]), shape))


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [({"pool_size": 9, "stride": 1}, ShapeError, "window"), ({"padding": "vaild"}, ParameterError, "padding")],
)
def test_what_does_not_fit_is_refused(settings: dict[str, object], error: type[ConvcoreError], words: str) -> None:
    graph = Graph((8, 6, 3))
    with pytest.raises(error, match=words):
        graph.add("max_pool2d", graph.input, **settings)
    assert graph.nodes == []
