"""What compile keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import losses, metrics
from convcore.errors import NotSupportedError, StateError
from convcore.training.compiled import Compiled


def test_metrics_are_chosen_with_the_shapes_and_kept() -> None:
    compiled = Compiled("sgd", "mse", ["accuracy", metrics.MeanAbsoluteError(name="own")], ["acc"])
    assert compiled.metrics_names == ["loss", "accuracy", "own", "acc"]
    assert compiled.all_metrics() == []
    compiled.choose_metrics((), (1,))
    chosen = compiled.all_metrics()
    assert [type(metric) for metric in chosen] == [
        metrics.BinaryAccuracy,
        metrics.MeanAbsoluteError,
        metrics.BinaryAccuracy,
    ]
    compiled.choose_metrics((), (1,))
    assert compiled.all_metrics()[0] is chosen[0]
    compiled.choose_metrics((3,), (3,))
    assert type(compiled.all_metrics()[0]) is metrics.CategoricalAccuracy


def test_metrics_of_one_name_are_numbered() -> None:
    compiled = Compiled("sgd", "mse", [["mae"], metrics.MeanSquaredError(name="mae")], ["mae"])
    assert compiled.metrics_names == ["loss", "mae", "mae_1", "mae_2"]
    compiled.choose_metrics((1,), (1,))
    compiled.update(np.array([[0.0], [0.0]]), np.array([[1.0], [3.0]], dtype=np.float32), np.array([1.0, 0.0]))
    assert compiled.results(0.5) == {"loss": 0.5, "mae": 2.0, "mae_1": 5.0, "mae_2": 1.0}


def test_metrics_that_are_not_supported_are_named() -> None:
    with pytest.raises(NotSupportedError, match=r"a dict by outputs as `metrics` \(received metrics={'dense': 'mae'}"):
        Compiled("sgd", "mse", {"dense": "mae"}, None)


def test_only_weighted_metrics_see_weights() -> None:
    compiled = Compiled("sgd", "mse", ["mae"], ["mse"])
    compiled.choose_metrics((1,), (1,))
    compiled.update(np.array([[0.0], [0.0]]), np.array([[1.0], [3.0]], dtype=np.float32), np.array([1.0, 0.0]))
    assert compiled.results(0.5) == {"loss": 0.5, "mae": 2.0, "mse": 1.0}
    compiled.reset()
    assert compiled.results(0.5) == {"loss": 0.5, "mae": 0.0, "mse": 0.0}


def test_no_loss_is_allowed_until_it_is_needed() -> None:
    compiled = Compiled("sgd", None, None, None)
    assert not compiled.has_loss
    with pytest.raises(StateError, match="No loss"):
        _ = compiled.loss
    assert compiled.get_config()["loss"] is None


def test_a_loss_and_metrics_of_ones_own_are_not_saved() -> None:
    class Own(losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return y_pred

        gradient = call

    def worst(y_true: Any, y_pred: Any) -> Any:
        return y_pred

    compiled = Compiled("sgd", Own(), ["mae", worst], [worst])
    assert compiled.metrics_names == ["loss", "mae", "worst", "worst_1"]
    with pytest.warns(UserWarning, match="not saved"):
        config = compiled.get_config()
    assert (config["loss"], config["metrics"], config["weighted_metrics"]) == (None, ["mae"], [])
