"""F scores, against counts by class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import metrics
from convcore.errors import ParameterError, ShapeError

RNG = np.random.default_rng(4)
TRUTH = np.eye(4)[RNG.integers(0, 4, 50)]
GUESS = RNG.uniform(size=(50, 4)) + 0.5 * TRUTH
WEIGHTS = RNG.uniform(0, 2, 50)


def scores(beta: float) -> tuple[list[float], list[float]]:
    """(score, weight) of each class for the largest prediction."""
    chosen = np.eye(4)[GUESS.argmax(axis=1)]
    found, sizes = [], []
    for k in range(4):
        right, predicted, there = (
            float((column * WEIGHTS).sum()) for column in (chosen[:, k] * TRUTH[:, k], chosen[:, k], TRUTH[:, k])
        )
        precision, recall = right / predicted, right / there
        found.append((1 + beta**2) * precision * recall / (beta**2 * precision + recall))
        sizes.append(there)
    return found, sizes


@pytest.mark.parametrize("beta", [1.0, 2.0])
def test_averages(beta: float) -> None:
    each, sizes = scores(beta)
    expected: dict[Any, Any] = {None: each, "macro": np.mean(each), "weighted": np.average(each, weights=sizes)}
    for average, value in expected.items():
        metric = metrics.FBetaScore(average=average, beta=beta)
        assert metric.result() == 0.0
        metric.update_state(TRUTH[:20], GUESS[:20], WEIGHTS[:20])
        metric.update_state(TRUTH[20:], GUESS[20:], WEIGHTS[20:])
        np.testing.assert_allclose(metric.result(), value, rtol=1e-5)
        metric.reset_state()
        assert metric.result() == 0.0


def test_micro_is_of_all_elements() -> None:
    hits = (np.eye(4)[GUESS.argmax(axis=1)] * TRUTH).sum() / 50
    assert metrics.F1Score(average="micro")(TRUTH, GUESS) == pytest.approx(hits, rel=1e-5)
    assert metrics.F1Score(average="micro", threshold=0.5)([[1, 1]], [[0.9, 0.1]]) == pytest.approx(2 / 3, rel=1e-5)
    assert metrics.F1Score(average="macro")([[1, 0]], [[0, 0]]) == 0.0


@pytest.mark.parametrize(
    "arguments", [{"average": "all"}, {"beta": 0.0}, {"beta": "1"}, {"threshold": 0.0}, {"threshold": 2.0}]
)
def test_arguments(arguments: Any) -> None:
    with pytest.raises(ParameterError):
        metrics.FBetaScore(**arguments)


def test_configuration_and_shapes() -> None:
    config = metrics.F1Score(average="macro", threshold=0.25).get_config()
    assert metrics.F1Score.from_config(config).get_config() == config
    assert "beta" not in config
    with pytest.raises(ShapeError, match="2D"):
        metrics.F1Score()([1, 0], [0.5, 0.5])
