"""Top-k accuracies, against sorting."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import metrics
from convcore.errors import ParameterError, ShapeError

RNG = np.random.default_rng(3)
GUESS = RNG.permuted(np.tile(np.arange(7.0), (30, 1)), axis=1)
IDS = RNG.integers(0, 7, 30)


@pytest.mark.parametrize("k", [1, 2, 5, 7, 9])
def test_both_forms(k: int) -> None:
    best = np.argsort(-GUESS, axis=1)[:, :k]
    expected = float((best == IDS[:, np.newaxis]).any(axis=1).mean())
    assert metrics.SparseTopKCategoricalAccuracy(k)(IDS, GUESS) == pytest.approx(expected)
    assert metrics.SparseTopKCategoricalAccuracy(k)(IDS[:, np.newaxis], GUESS) == pytest.approx(expected)
    assert metrics.TopKCategoricalAccuracy(k)(np.eye(7)[IDS], GUESS) == pytest.approx(expected)
    assert metrics.SparseTopKCategoricalAccuracy(k, from_sorted_ids=True)(IDS, best) == pytest.approx(expected)


def test_ties_and_what_is_no_class() -> None:
    assert metrics.SparseTopKCategoricalAccuracy(1)([1, 1], [[0.5, 0.5], [np.nan, np.nan]]) == 0.5
    assert metrics.SparseTopKCategoricalAccuracy(2)([7, -1], np.ones((2, 3))) == 0


def test_arguments_and_shapes() -> None:
    assert metrics.TopKCategoricalAccuracy().k == 5
    with pytest.raises(ParameterError, match="k"):
        metrics.TopKCategoricalAccuracy(0)
    with pytest.raises(ShapeError):
        metrics.TopKCategoricalAccuracy()(IDS, GUESS)
    with pytest.raises(ShapeError):
        metrics.SparseTopKCategoricalAccuracy()(IDS[:3], GUESS)
    config = metrics.SparseTopKCategoricalAccuracy(3, from_sorted_ids=True).get_config()
    assert metrics.SparseTopKCategoricalAccuracy.from_config(config).get_config() == config
