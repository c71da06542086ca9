"""Activations, alone: output and gradient against NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import ops
from convcore.errors import NotSupportedError, ParameterError, ShapeError, StateError
from convcore.plans.activations import ELEMENTWISE
from convcore.program import Graph
from tests import reference
from tests.checks import normals
from tests.program.nodes.alone import N, close, parameters, run


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_functions_of_one_element(name: str) -> None:
    (x,) = normals(1, (N, 4, 5))
    settings = {"threshold": 0.1, "default_value": -1.0} if name == "threshold" else {}
    y, dy, dx = run(lambda g: g.add(name, g.input, **settings), x)
    np.testing.assert_array_equal(y, ops.activation(x, name, **settings))
    # The op takes the slope from x alone, the node from y where it has that.
    np.testing.assert_allclose(dx, ops.activation_backward(dy, x, name, **settings), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("shape", "axis"), [((5,), -1), ((3, 5), 0), ((4, 3, 5), 1), ((4, 3, 5), -1)])
def test_softmaxes(shape: tuple[int, ...], axis: int) -> None:
    (x,) = normals(1, (N, *shape))
    inside = axis % len(shape) + 1
    soft = np.moveaxis(reference.softmax(np.moveaxis(x, inside, -1)), -1, inside)
    y, dy, dx = run(lambda g: g.add("softmax", g.input, axis=axis), x)
    close(y, soft)
    close(dx, soft * (dy - (dy * soft).sum(inside, keepdims=True)))
    y, dy, dx = run(lambda g: g.add("log_softmax", g.input, axis=axis), x)
    close(y, np.log(soft))
    close(dx, dy - soft * dy.sum(inside, keepdims=True))
    with pytest.raises(ParameterError, match="axis"):
        run(lambda g: g.add("softmax", g.input, axis=7), x)


def test_the_general_relu() -> None:
    (x,) = normals(1, (N, 40))
    y, dy, dx = run(lambda g: g.add("relu", g.input, max_value=1.0, negative_slope=0.1, threshold=0.5), x)
    close(y, np.where(x >= 1, 1, np.where(x > 0.5, x, 0.1 * (x - 0.5))))
    close(dx, dy * np.where(x >= 1, 0, np.where(x > 0.5, 1, 0.1)))


def test_slopes_that_are_learned() -> None:
    (x,) = normals(1, (N, 4, 3, 5))
    (slopes,) = parameters((4, 1, 5))
    y, dy, dx = run(lambda g: g.add("prelu", g.input, parameters=[slopes]), x, slopes)
    close(y, np.where(x > 0, x, slopes.value * x))
    close(dx, dy * np.where(x > 0, 1, slopes.value))
    close(slopes.grad, (dy * np.minimum(x, 0)).sum((0, 2), keepdims=True)[0])


def test_slopes_that_do_not_fit() -> None:
    graph = Graph((4, 3, 5, 2))
    for shape, error in (((4, 3, 5), ShapeError), ((4, 3, 5, 3), ShapeError), ((4, 1, 5, 1), NotSupportedError)):
        with pytest.raises(error):
            graph.add("prelu", graph.input, parameters=parameters(shape))
    with pytest.raises(StateError):
        graph.add("prelu", graph.input, parameters=[None])
    assert graph.nodes == []
