"""Products of matrices, alone: output and gradients against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ShapeError, StateError
from convcore.program import Graph
from tests.checks import normals
from tests.program.nodes.alone import N, close, parameters, run


@pytest.mark.parametrize("shape", [(6,), (4, 6), (2, 3, 6)])
@pytest.mark.parametrize("relu", [False, True])
def test_dense_acts_on_the_last_axis(shape: tuple[int, ...], relu: bool) -> None:
    (x,) = normals(1, (N, *shape))
    kernel, bias = parameters((6, 5), (5,))
    y, dy, dx = run(lambda g: g.add("dense", g.input, parameters=(kernel, bias), relu=relu), x, kernel, bias)
    truth = x @ kernel.value + bias.value
    close(y, np.maximum(truth, 0) if relu else truth)
    if relu:
        dy = dy * (y > 0)
    close(dx, dy @ kernel.value.T)
    close(kernel.grad, x.reshape(-1, 6).T @ dy.reshape(-1, 5))
    close(bias.grad, dy.reshape(-1, 5).sum(axis=0))


@pytest.mark.parametrize("shape", [(), (3,), (2, 5)])
def test_the_last_axis_has_to_fit(shape: tuple[int, ...]) -> None:
    graph = Graph(shape)
    with pytest.raises(ShapeError, match="last axis"):
        graph.add("dense", graph.input, parameters=(*parameters((2, 4)), None))
    with pytest.raises(StateError, match="kernel"):
        graph.add("dense", graph.input, parameters=(None, None))
    assert graph.nodes == []
