"""Losses as metrics: the mean of the values that the functions give."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import losses, metrics
from convcore.metrics import of_losses

RNG = np.random.default_rng(5)
GUESS = RNG.uniform(0.05, 0.95, (12, 3))
IDS = RNG.integers(0, 3, 12)
WEIGHTS = RNG.uniform(0, 2, 12)


@pytest.mark.parametrize("name", of_losses.__all__)
def test_they_are_means_of_the_loss(name: str) -> None:
    metric = getattr(metrics, name)()
    values = getattr(losses, "log_cosh" if name == "LogCoshError" else losses.get(name).kind)
    truth = IDS if name.startswith("Sparse") else np.eye(3)[IDS]
    metric.update_state(truth[:5], GUESS[:5], WEIGHTS[:5])
    metric.update_state(truth[5:], GUESS[5:], WEIGHTS[5:])
    assert metric.result() == pytest.approx(np.average(values(truth, GUESS), weights=WEIGHTS))
    assert metric._direction == "down"
    again = metrics.get(metrics.serialize(metric))
    assert again.get_config() == metric.get_config()


def test_arguments_reach_the_function() -> None:
    logits = np.array([[2.0, -1.0]])
    value = metrics.BinaryCrossentropy(from_logits=True, label_smoothing=0.2)([[1, 0]], logits)
    assert value == pytest.approx(losses.binary_crossentropy([[1, 0]], logits, True, 0.2)[0])
    assert metrics.SparseCategoricalCrossentropy(ignore_class=1)([1, 0], [[0.5, 0.5]] * 2) == pytest.approx(
        np.log(2) / 2
    )


def test_an_ignored_class_weighs_nothing() -> None:
    p = [[0.8, 0.1, 0.1], [0.05, 0.95, 0], [0.1, 0.8, 0.1]]
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=0)
    assert metric([0, 1, 2], p, sample_weight=[0.5, 1.5, 2.0]) == pytest.approx(1.33774646, abs=1e-5)
