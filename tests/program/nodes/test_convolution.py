"""Convolutions, alone: output and gradients against the naive definition."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ConvcoreError, ParameterError, ShapeError, StateError
from convcore.program import Graph, Value
from tests import sliding
from tests.checks import normals
from tests.program.nodes.alone import N, close, parameters, run

SAME = ((1, 1), (1, 1))


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("with_bias", [False, True])
def test_conv2d(relu: bool, with_bias: bool) -> None:
    (x,) = normals(1, (N, 7, 6, 3))
    kernel, bias = parameters((3, 3, 3, 5), (5,))
    given = (kernel, bias) if with_bias else (kernel, None)

    def append(g: Graph) -> Value:
        return g.add("conv2d", g.input, parameters=given, stride=2, padding=1, relu=relu)

    y, dy, dx = run(append, x, kernel, bias)
    options = {"stride": (2, 2), "pads": SAME}
    truth = sliding.conv2d(x, kernel.value, bias.value if with_bias else None, **options)
    close(y, np.maximum(truth, 0) if relu else truth)
    if relu:
        dy = dy * (y > 0)
    close(dx, sliding.conv2d_backward_data(dy, kernel.value, x.shape, **options))
    dw, db = sliding.conv2d_backward_weights(x, dy, (3, 3), **options)
    close(kernel.grad, dw)
    close(bias.grad, db if with_bias else np.zeros(5))


@pytest.mark.parametrize(
    ("groups", "filters", "shape"), [(3, 9, (3, 2, 2, 9)), (2, 36, (3, 2, 3, 36)), (6, 12, (3, 2, 6, 2))]
)
@pytest.mark.parametrize("relu", [False, True])
def test_groups(groups: int, filters: int, shape: tuple[int, ...], relu: bool) -> None:
    """As many groups as channels are given as a depthwise kernel too."""
    (x,) = normals(1, (N, 7, 6, 6))
    kernel, bias = parameters(shape, (filters,))
    words = {"depthwise": True} if groups == 6 else {"groups": groups}

    def append(g: Graph) -> Value:
        y = g.add("conv2d", g.input, parameters=(kernel, bias), stride=2, padding=1, **words)
        return g.add("relu", y) if relu else y

    y, dy, dx = run(append, x, kernel, bias)
    options = {"stride": (2, 2), "pads": SAME, "groups": groups}
    weights = kernel.value.reshape(3, 2, 6 // groups, filters)
    truth = sliding.conv2d(x, weights, bias.value, **options)
    close(y, np.maximum(truth, 0) if relu else truth)
    if relu:
        dy = dy * (y > 0)
    close(dx, sliding.conv2d_backward_data(dy, weights, x.shape, **options))
    dw, db = sliding.conv2d_backward_weights(x, dy, (3, 2), **options)
    close(kernel.grad, dw.reshape(shape))
    close(bias.grad, db)


@pytest.mark.parametrize("channels", [1, 3, 24])
@pytest.mark.parametrize("filters", [4, 32])
def test_conv2d_with_its_pool(channels: int, filters: int) -> None:
    """One joined node; the sums of Winograd's transforms differ in the last bits."""
    (x,) = normals(1, (N, 11, 9, channels))
    kernel, bias = parameters((3, 3, channels, filters), (filters,))

    def append(g: Graph) -> Value:
        return g.add("max_pool2d", g.add("relu", g.add("conv2d", g.input, parameters=(kernel, bias))))

    y, dy, dx = run(append, x, kernel, bias)
    options = {"stride": (1, 1), "pads": ((0, 0), (0, 0))}
    inner = np.maximum(sliding.conv2d(x, kernel.value, bias.value, **options), 0)
    truth, indices = sliding.max_pool2d(inner, (2, 2), stride=(2, 2), pads=((0, 0), (0, 0)))
    close(y, truth)
    inner_dy = sliding.max_pool2d_backward(dy, indices, inner.shape) * (inner > 0)
    close(dx, sliding.conv2d_backward_data(inner_dy, kernel.value, x.shape, **options))
    dw, db = sliding.conv2d_backward_weights(x, inner_dy, (3, 3), **options)
    close(kernel.grad, dw)
    close(bias.grad, db)


@pytest.mark.parametrize(
    ("shape", "settings", "error", "words"),
    [
        ((3, 3, 2, 4), {}, ShapeError, "channels"),
        ((9, 3, 3, 4), {}, ShapeError, "window"),
        ((3, 3, 1, 4), {"groups": 3}, ShapeError, "groups"),
        ((3, 3, 2, 2), {"depthwise": True}, ShapeError, "channels"),
        ((3, 3, 3, 4), {"stride": 0}, ParameterError, "stride"),
        ((3, 3, 3, 4), {"padding": "vaild"}, ParameterError, "padding"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_the_graph(
    shape: tuple[int, ...], settings: dict[str, object], error: type[ConvcoreError], words: str
) -> None:
    graph = Graph((8, 6, 3))
    with pytest.raises(error, match=words):
        graph.add("conv2d", graph.input, parameters=(*parameters(shape), None), **settings)
    assert graph.nodes == []


def test_a_convolution_needs_a_kernel() -> None:
    graph = Graph((8, 6, 3))
    with pytest.raises(StateError, match="kernel"):
        graph.add("conv2d", graph.input, parameters=(None, None))
