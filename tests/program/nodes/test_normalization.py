"""Batch normalization, alone; `tests/layers/test_normalization.py` has its gradients."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ShapeError, StateError
from convcore.program import Graph, Runner
from convcore.variables import FlatParameters, Variable
from tests.checks import normals
from tests.program.nodes.alone import close, parameters, run


def test_training_moves_the_statistics_and_inference_takes_them() -> None:
    (x,) = normals(1, (11, 4, 5))
    mean, variance = (Variable(np.zeros(5, np.float32), name=name) for name in ("mean", "variance"))
    graph = Graph((4, 5))
    graph.output = graph.add(
        "batch_norm", graph.input, parameters=(None, None, mean, variance), epsilon=0.0, momentum=0.0, learning=True
    )
    runner = Runner(graph, FlatParameters([mean, variance]))
    y = runner.forward(x, training=True)
    np.testing.assert_allclose(y, (x - x.mean((0, 1))) / x.std((0, 1)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(variance.value, x.var((0, 1)), rtol=1e-5)
    np.testing.assert_allclose(runner.forward(x), y, rtol=1e-5, atol=1e-6)


def test_parameters_that_do_not_fit() -> None:
    graph = Graph((4, 5))
    four = Variable(np.zeros(4, np.float32), name="four")
    settings = {"epsilon": 0.1, "momentum": 0.9, "learning": True}
    with pytest.raises(StateError, match="moving"):
        graph.add("batch_norm", graph.input, parameters=(None, None, None, None), **settings)
    with pytest.raises(ShapeError, match="each channel"):
        graph.add("batch_norm", graph.input, parameters=(None, None, four, four), **settings)
    assert graph.nodes == []


def test_rows_that_do_not_fit() -> None:
    graph = Graph((4, 5))
    four = Variable(np.zeros(4, np.float32), name="four")
    with pytest.raises(ShapeError, match="each element"):
        graph.add("layer_norm", graph.input, parameters=(four, None), epsilon=0.1, rows="normalized")
    with pytest.raises(StateError, match="kind of rows"):
        graph.add("layer_norm", graph.input, parameters=(None, None), epsilon=0.1, rows="none")


def test_each_row_by_itself() -> None:
    (x,) = normals(1, (11, 4, 5))
    graph = Graph((4, 5))
    graph.output = graph.add("layer_norm", graph.input, parameters=(None, None), epsilon=0.0, rows="normalized")
    y = Runner(graph, FlatParameters([])).forward(x)
    expected = (x - x.mean(2, keepdims=True)) / x.std(2, keepdims=True)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


def test_scaled_channels() -> None:
    (x,) = normals(1, (5, 4, 3))
    gamma, beta = parameters((3,), (3,))
    for pair in ((gamma, beta), (gamma, None), (None, beta)):
        known = [each for each in pair if each is not None]
        y, dy, dx = run(lambda graph, pair=pair: graph.add("scale_channels", graph.input, parameters=pair), x, *known)
        scale = 1 if pair[0] is None else pair[0].value
        close(y, x * scale + (0 if pair[1] is None else pair[1].value))
        close(dx, dy * scale)
        if pair[0] is not None:
            close(gamma.grad, (dy * x).sum((0, 1)))
        if pair[1] is not None:
            close(beta.grad, dy.sum((0, 1)))
    graph = Graph((4, 2))
    with pytest.raises(ShapeError, match="one parameter for each channel"):
        graph.add("scale_channels", graph.input, parameters=(gamma, None))


def test_a_standardization_by_arrays_that_stay() -> None:
    (x,) = normals(1, (5, 4, 3))
    arrays = {"mean": [1, 2, 3], "variance": [4, 1, 0.25], "scale": [1, -1, 2], "offset": [0, 1, 2]}
    y, dy, dx = run(lambda graph: graph.add("standardize", graph.input, **arrays), x)
    mean, variance, scale, offset = (np.float32(each) for each in arrays.values())
    close(y, (x - mean) / np.sqrt(variance) * scale + offset)
    close(dx, dy * scale / np.sqrt(variance))
    graph = Graph((4, 2))
    with pytest.raises(ShapeError, match="a number for each channel"):
        graph.add("standardize", graph.input, **arrays)
