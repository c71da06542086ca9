"""What a loss is to the engine, and the mean that a runner makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.program import Feed, Graph, LossSpec, Runner
from convcore.variables import FlatParameters
from tests import reference
from tests.checks import normals
from tests.reference import Array

IDS = np.array([2, 0, 1, 4, 3, 3, 0])
ONE_HOT = np.eye(5, dtype=np.float32)[IDS]
(LOGITS,) = normals(1, (7, 5))
PROBABILITIES = reference.softmax(LOGITS)


def mean_loss(spec: LossSpec, x: Any, y: Any, weights: Any = None) -> float:
    """The loss of a network that gives its input."""
    feed = Feed(x, y, weights)
    graph = Graph(feed.x.shape[1:])
    graph.output = graph.input
    return Runner(graph, FlatParameters([]), loss=spec).test(feed, 0, feed.size)


def test_kinds() -> None:
    assert [LossSpec(kind).is_sparse for kind in ("sparse_categorical_crossentropy", "mean_squared_error")] == [
        True,
        False,
    ]
    assert LossSpec("categorical_crossentropy").is_cross_entropy
    assert not LossSpec("mean_squared_error").is_cross_entropy


@pytest.mark.parametrize(
    ("kind", "y"), [("sparse_categorical_crossentropy", IDS), ("categorical_crossentropy", ONE_HOT)]
)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, np.linspace(0, 2, 7)])
def test_cross_entropy_of_logits_and_probabilities(
    kind: str, y: Array, smoothing: float, weights: Array | None
) -> None:
    soft = ONE_HOT * (1 - smoothing) + smoothing / 5
    each = -(soft * np.log(PROBABILITIES)).sum(axis=1)
    truth = (each * (1 if weights is None else weights)).sum() / 7
    for from_logits, x in ((True, LOGITS), (False, PROBABILITIES)):
        spec = LossSpec(kind, from_logits=from_logits, label_smoothing=smoothing)
        assert mean_loss(spec, x, y, weights) == pytest.approx(truth, rel=1e-5)


def test_squared_error_of_any_shape() -> None:
    x, y = normals(2, (6, 3, 2), (6, 3, 2))
    assert mean_loss(LossSpec("mean_squared_error"), x, y) == pytest.approx(((x - y) ** 2).mean(), rel=1e-6)


def test_which_losses_are_of_rows() -> None:
    of_rows = [kind for kind in ("huber", "kl_divergence", "mean_squared_error", "python") if LossSpec(kind).is_of_rows]
    assert of_rows == ["kl_divergence"]
    assert LossSpec("categorical_crossentropy").is_of_rows
