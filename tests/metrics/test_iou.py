"""How much classes of pixels overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import metrics
from convcore.errors import LabelError, ParameterError, ShapeError

RANDOM = np.random.default_rng(0)
TRUTH, GUESS = RANDOM.integers(0, 4, (5, 6, 7)), RANDOM.integers(0, 4, (5, 6, 7))


def expected(ids: Any, truth: Any = TRUTH, guess: Any = GUESS, weights: Any = 1.0) -> float:
    weights = np.broadcast_to(weights, truth.shape)
    both = [weights[(truth == each) & (guess == each)].sum() for each in ids]
    each_of = [weights[truth == each].sum() + weights[guess == each].sum() for each in ids]
    either = [count - same for count, same in zip(each_of, both, strict=True)]
    return float(np.mean([same / whole for same, whole in zip(both, either, strict=True) if whole]))


def test_the_four_of_them() -> None:
    scores, hot = np.eye(4)[GUESS] + 0.1, np.eye(4)[TRUTH]
    for metric, truth, guess, ids in (
        (metrics.IoU(4, [1, 3]), TRUTH, GUESS, [1, 3]),
        (metrics.MeanIoU(4), TRUTH[..., None], GUESS, range(4)),
        (metrics.MeanIoU(4, sparse_y_pred=False), TRUTH, scores, range(4)),
        (metrics.OneHotIoU(4, [2]), hot, scores, [2]),
        (metrics.OneHotMeanIoU(4, sparse_y_pred=True), hot, GUESS, range(4)),
        (metrics.OneHotMeanIoU(4, axis=1), np.moveaxis(hot, -1, 1), np.moveaxis(scores, -1, 1), range(4)),
    ):
        assert metric(truth, guess) == pytest.approx(expected(ids))
        again = type(metric).from_config(metric.get_config())
        assert again.get_config() == metric.get_config()
        again.update_state(truth[:2], guess[:2])
        again.update_state(truth[2:], guess[2:])
        assert again.result() == pytest.approx(metric.result())
        again.reset_state()
        assert again.result() == 0.0


def test_weights_and_classes_that_are_left_out() -> None:
    weights = RANDOM.uniform(0, 2, TRUTH.shape)
    assert metrics.MeanIoU(4)(TRUTH, GUESS, weights) == pytest.approx(expected(range(4), weights=weights))
    kept = TRUTH != 2
    assert metrics.MeanIoU(4, ignore_class=2)(TRUTH, GUESS) == pytest.approx(expected(range(4), weights=kept))
    few = (TRUTH < 3) & (GUESS < 3)
    assert metrics.MeanIoU(3)(TRUTH, GUESS) == pytest.approx(expected(range(3), weights=few))
    assert metrics.MeanIoU(9)(TRUTH, GUESS) == pytest.approx(expected(range(4)))


def test_a_model_of_masks_tells_it() -> None:
    model = keras.Sequential([keras.Input((6, 7, 1)), keras.layers.Conv2D(4, 1, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[metrics.MeanIoU(4, sparse_y_pred=False)])
    x = np.ones((5, 6, 7, 1))
    told = model.evaluate(x, TRUTH[..., None], verbose=0, return_dict=True)
    assert told["mean_io_u"] == pytest.approx(expected(range(4), guess=model.predict(x, verbose=0).argmax(-1)))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ParameterError, match="Target class id 4 is out of range"):
        metrics.IoU(4, [1, 4])
    with pytest.raises(ShapeError, match="sparse_y_pred=False"):
        metrics.MeanIoU(4)(TRUTH, np.eye(4)[GUESS])
    with pytest.raises(LabelError, match="not finite"):
        metrics.MeanIoU(4)([0.0, np.nan], [0, 1])
