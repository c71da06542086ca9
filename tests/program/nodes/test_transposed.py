"""A transposed convolution, alone: output and gradients against the naive definition."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ShapeError, StateError
from convcore.program import Graph, Value
from tests import reference
from tests.checks import normals
from tests.program.nodes.alone import N, close, parameters, run


@pytest.mark.parametrize("with_bias", [False, True])
def test_conv2d_transpose(with_bias: bool) -> None:
    (x,) = normals(1, (N, 4, 5, 3))
    kernel, bias = parameters((3, 3, 5, 3), (5,))
    given = (kernel, bias) if with_bias else (kernel, None)

    def append(g: Graph) -> Value:
        return g.add("conv2d_transpose", g.input, parameters=given, stride=2, padding=1, output_padding=1)

    y, dy, dx = run(append, x, kernel, bias)
    options = {"stride": (2, 2), "dilation": (1, 1), "cut": (1, 1)}
    shift = bias.value if with_bias else None
    close(y, reference.conv2d_transpose(x, kernel.value, shift, size=(8, 10), **options))
    truth_dx, dw = reference.conv2d_transpose_backward(x, kernel.value, dy, **options)
    close(dx, truth_dx)
    close(kernel.grad, dw)
    close(bias.grad, dy.sum(axis=(0, 1, 2)) if with_bias else np.zeros(5))


def test_what_does_not_fit_is_refused() -> None:
    graph = Graph((4, 4, 3))
    kernel, bias = parameters((3, 3, 3, 5), (5,))
    with pytest.raises(ShapeError, match="height, width, filters // groups, channels"):
        graph.add("conv2d_transpose", graph.input, parameters=(kernel, bias))
    with pytest.raises(StateError, match="kernel"):
        graph.add("conv2d_transpose", graph.input, parameters=(None, None))
