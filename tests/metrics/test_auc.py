"""Areas under curves, against sums over all pairs and over the points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import metrics
from convcore.errors import ParameterError, ShapeError

RNG = np.random.default_rng(2)
LABELS = RNG.uniform(size=(400, 2)) > 0.6
GUESS = np.clip(RNG.normal(0.4, 0.2, (400, 2)) + 0.2 * LABELS, 0, 1)


def pairs(labels: Any, guess: Any) -> float:
    """The share of pairs of a positive and a negative sample in which the positive one has the larger prediction."""
    difference = guess[labels][:, np.newaxis] - guess[~labels]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def test_the_area_under_roc_is_the_share_of_ordered_pairs() -> None:
    metric = metrics.AUC(num_thresholds=2000)
    assert metric.result() == 0.0
    metric.update_state(LABELS[:100], GUESS[:100])
    metric.update_state(LABELS[100:], GUESS[100:])
    assert metric.result() == pytest.approx(pairs(LABELS, GUESS), abs=2e-3)
    by_label = metrics.AUC(num_thresholds=2000, multi_label=True, label_weights=[3, 1])
    each = [pairs(LABELS[:, k], GUESS[:, k]) for k in range(2)]
    assert by_label(LABELS, GUESS) == pytest.approx(0.75 * each[0] + 0.25 * each[1], abs=2e-3)
    plain = metrics.AUC(num_thresholds=2000, multi_label=True)(LABELS, GUESS)
    assert plain == pytest.approx(np.mean(each), abs=2e-3)
    metric.reset_state()
    assert metric.result() == 0.0


def test_numbers_of_keras() -> None:
    labels, guess = [0, 0, 1, 1], [0, 0.5, 0.3, 0.9]
    assert metrics.AUC(num_thresholds=3)(labels, guess) == 0.75
    assert metrics.AUC(num_thresholds=3)(labels, guess, sample_weight=[1, 0, 0, 1]) == 1.0
    points = {"thresholds": [0.5]}
    for curve, method, expected in (
        ("ROC", "minoring", 0.5),
        ("ROC", "majoring", 1.0),
        ("PR", "minoring", 0.25),
        ("PR", "majoring", 1.0),
        # From (4 positive, 2 true) to (1, 1): slope 1/3, intercept 2/3; then to (0, 0): slope 1.
        ("PR", "interpolation", (1 / 3 * (1 + 2 / 3 * np.log(4)) + 1) / 2),
    ):
        found = metrics.AUC(curve=curve, summation_method=method, **points)(labels, guess)
        assert found == pytest.approx(expected), (curve, method)


def test_logits_and_configuration() -> None:
    logits = np.log(GUESS.clip(1e-6, 1 - 1e-6) / (1 - GUESS.clip(1e-6, 1 - 1e-6)))
    assert metrics.AUC(from_logits=True)(LABELS, logits) == pytest.approx(metrics.AUC()(LABELS, GUESS), abs=5e-3)
    weighted = metrics.AUC(label_weights=[1, 0])(LABELS, GUESS)
    assert weighted == pytest.approx(metrics.AUC()(LABELS[:, 0], GUESS[:, 0]))
    config = metrics.AUC(thresholds=[0.7, 0.2], name="mine", curve="pr").get_config()
    again = metrics.get({"class_name": "AUC", "config": config})
    assert isinstance(again, metrics.AUC)
    assert again.get_config() == config
    assert metrics.AUC().name == "auc"


@pytest.mark.parametrize(
    "arguments",
    [
        {"num_thresholds": 1},
        {"curve": "PRGAIN2"},
        {"summation_method": "x"},
        {"num_labels": 3},
        {"thresholds": [2]},
        {"curve": None},
    ],
)
def test_arguments(arguments: Any) -> None:
    with pytest.raises(ParameterError):
        metrics.AUC(**arguments)


def test_shapes() -> None:
    with pytest.raises(ShapeError, match="rank 2"):
        metrics.AUC(multi_label=True)([1, 0], [0.1, 0.2])


@pytest.mark.parametrize(("method", "area"), [("majoring", 1.0), ("minoring", 0.0), ("interpolation", 0.5)])
def test_the_area_under_the_gains(method: str, area: float) -> None:
    weights = [1.0, 2.0, 3.0, 4.0]
    metric = metrics.AUC(num_thresholds=3, curve="PRGAIN", summation_method=method)
    assert metric([0, 0, 1, 1], [0, 0.5, 0.3, 0.9], sample_weight=weights) == pytest.approx(area, abs=1e-3)
    assert [variable.shape for variable in metric.variables] == [(3,)] * 4
    assert metric.true_positives.tolist() == [7.0, 4.0, 0.0]
    metric.reset_state()
    assert metric.true_positives.tolist() == [0.0, 0.0, 0.0]
