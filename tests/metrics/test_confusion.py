"""Counts at thresholds, against comparisons one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import metrics
from convcore.errors import ParameterError, ShapeError

RNG = np.random.default_rng(1)
LABELS = (RNG.uniform(size=(20, 3)) > 0.6).astype(np.float32)
GUESS = RNG.choice(np.linspace(0, 1, 11), (20, 3)).astype(np.float32)
WEIGHTS = RNG.uniform(0, 2, 20)


def counted(labels: Any, guess: Any, weights: Any, threshold: float) -> dict[str, float]:
    """The four counts, element by element."""
    found = dict.fromkeys(("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives"), 0.0)
    for label, value, weight in zip(labels.ravel(), guess.ravel(), weights.ravel(), strict=True):
        is_positive = bool(value > np.float32(threshold))
        found[f"{'True' if is_positive == bool(label) else 'False'}{'Positives' if is_positive else 'Negatives'}"] += (
            weight
        )
    return found


@pytest.mark.parametrize("name", ["TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives"])
@pytest.mark.parametrize("thresholds", [None, 0.3, [0.7, 0.2, 0.2], [0.0, 1.0]])
def test_counts(name: str, thresholds: Any) -> None:
    metric = getattr(metrics, name)(thresholds=thresholds)
    each = np.repeat(WEIGHTS[:, np.newaxis], 3, axis=1)
    metric.update_state(LABELS, GUESS, sample_weight=WEIGHTS)
    metric.update_state(LABELS[:4], GUESS[:4])
    levels = [0.5] if thresholds is None else np.atleast_1d(thresholds)
    expected = [
        counted(LABELS, GUESS, each, level)[name] + counted(LABELS[:4], GUESS[:4], np.ones((4, 3)), level)[name]
        for level in levels
    ]
    np.testing.assert_allclose(metric.result(), expected[0] if np.ndim(thresholds) == 0 else expected)
    metric.reset_state()
    assert np.all(np.asarray(metric.result()) == 0)
    assert getattr(metrics, name).from_config(metric.get_config()).thresholds == metric.thresholds


def test_precision_and_recall() -> None:
    found = counted(LABELS, GUESS, np.ones((20, 3)), 0.5)
    right = found["TruePositives"]
    assert metrics.Precision()(LABELS, GUESS) == pytest.approx(right / (right + found["FalsePositives"]))
    assert metrics.Recall()(LABELS, GUESS) == pytest.approx(right / (right + found["FalseNegatives"]))
    assert metrics.Precision().result() == 0.0
    assert metrics.Precision(class_id=1)(LABELS, GUESS) == metrics.Precision()(LABELS[:, 1], GUESS[:, 1])
    assert metrics.Recall().name == "recall"


def test_the_largest_predictions_only() -> None:
    labels, guess = [[0, 1, 1], [1, 0, 0]], [[0.2, 0.1, 0.9], [0.05, 0.3, 0.3]]
    assert metrics.Precision(top_k=1)(labels, guess) == 0.5
    assert metrics.Recall(top_k=2)(labels, guess) == pytest.approx(1 / 3)  # of equal predictions the first ones count
    assert metrics.Precision(top_k=2, class_id=2)(labels, guess) == 0.5


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"thresholds": 1.5}, ParameterError),
        ({"thresholds": [0.1, -1]}, ParameterError),
        ({"thresholds": []}, ParameterError),
        ({"top_k": 0}, ParameterError),
        ({"class_id": -1}, ParameterError),
    ],
)
def test_arguments(arguments: Any, error: Any) -> None:
    with pytest.raises(error):
        metrics.Precision(**arguments)


def test_shapes() -> None:
    with pytest.raises(ShapeError):
        metrics.Recall()([1, 0], [[0.5, 0.5]])
    with pytest.raises(ShapeError):
        metrics.Recall()([1, 0], [0.5, 0.5], sample_weight=[1, 2, 3])
    with pytest.raises(ShapeError, match="class_id"):
        metrics.Recall(class_id=3)(LABELS, GUESS)
    column = metrics.Recall()(LABELS[:, :1], GUESS[:, :1], sample_weight=WEIGHTS[:, np.newaxis])
    assert metrics.Recall()(LABELS[:, 0], GUESS[:, :1], sample_weight=WEIGHTS) == column
    assert metrics.Recall()(LABELS[:, :1], GUESS[:, 0], sample_weight=WEIGHTS) == column
