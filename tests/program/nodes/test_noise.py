"""Kinds that draw random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.errors import ParameterError, ShapeError
from convcore.program import Graph, Runner
from convcore.variables import FlatParameters


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.5, 1.0])
def test_dropout(rate: float) -> None:
    x = np.ones((200, 30), np.float32)
    graph = Graph((30,))
    graph.output = graph.add("dropout", graph.input, rate=rate, seed=7)
    runner = Runner(graph, FlatParameters([]))
    np.testing.assert_array_equal(runner.forward(x), x)
    y = runner.forward(x, training=True)
    dx = runner.backward(2 * x)
    np.testing.assert_allclose(dx, 2 * y)  # the mask of the forward pass
    assert set(np.unique(y).round(5)) <= {0.0, np.float32(1 / (1 - rate)).round(5) if rate < 1 else 0.0}
    assert (y == 0).mean() == pytest.approx(rate, abs=0.03)
    again = runner.forward(x, training=True)
    assert (rate in (0.0, 1.0)) == np.array_equal(y, again)


def test_a_node_that_draws_always() -> None:
    x = np.ones((200, 30), np.float32)
    graph = Graph((30,))
    graph.draws, graph.infers = True, True
    graph.output = graph.add("dropout", graph.input, rate=0.5, seed=7)
    runner = Runner(graph, FlatParameters([]))
    first, second = runner.forward(x), runner.forward(x)
    assert (first == 0).mean() == pytest.approx(0.5, abs=0.03)
    assert not np.array_equal(first, second)
    y = runner.forward(x, training=True)
    np.testing.assert_array_equal(runner.backward(x), y)


def test_dropouts_of_one_seed_have_masks_of_their_own() -> None:
    x = np.ones((100, 30), np.float32)
    graph = Graph((30,))
    first = graph.add("dropout", graph.input, rate=0.5, seed=7)
    graph.output = graph.add("dropout", first, rate=0.5, seed=7)
    y = Runner(graph, FlatParameters([])).forward(x, training=True)
    assert (y > 0).mean() == pytest.approx(0.25, abs=0.04)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("dropout", {"rate": 0.5, "noise_shape": (None, 1, None)}),
        ("alpha_dropout", {"rate": 0.5}),
        ("gaussian_noise", {"stddev": 0.5}),
        ("gaussian_dropout", {"rate": 0.5}),
    ],
)
def test_a_batch_is_its_number_and_its_seed(kind: str, settings: dict[str, Any]) -> None:
    x = np.ones((20, 3, 7), np.float32)

    def outputs(seed: int) -> list[bytes]:
        graph = Graph((3, 7))
        graph.output = graph.add(kind, graph.input, seed=seed, **settings)
        runner = Runner(graph, FlatParameters([]))
        np.testing.assert_array_equal(runner.forward(x), x)
        return [runner.forward(x, training=True).tobytes() for _ in range(3)]

    assert outputs(1) == outputs(1)
    assert len({*outputs(1), *outputs(2)}) == 6


def test_settings_that_do_not_fit() -> None:
    x = np.ones((2, 3), np.float32)
    for kind, rate, noise_shape, error in (
        ("dropout", 0.5, (3, 1), ShapeError),
        ("alpha_dropout", 1.0, None, ParameterError),
        ("gaussian_dropout", 1.0, None, ParameterError),
    ):
        graph = Graph((3,))
        graph.output = graph.add(kind, graph.input, seed=1, rate=rate, noise_shape=noise_shape)
        with pytest.raises(error):
            Runner(graph, FlatParameters([])).forward(x, training=True)
