"""What compile keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import losses, metrics
from convcore.errors import ParameterError, StateError
from convcore.training.compiled import Compiled, MeanLosses
from convcore.training.outputs import Outputs

TRUTH, GUESS = np.zeros((2, 1)), np.array([[1.0], [3.0]], dtype=np.float32)
WEIGHTS = np.array([1.0, 0.0])
HEADS = Outputs(["a", "b"])


def test_metrics_are_chosen_with_the_shapes_and_kept() -> None:
    compiled = Compiled("sgd", "mse", ["accuracy", metrics.MeanAbsoluteError(name="own")], ["acc"])
    assert compiled.metrics_names == ["loss", "accuracy", "own", "acc"]
    assert compiled.all_metrics() == []
    compiled.choose_metrics([((), (1,))])
    chosen = compiled.all_metrics()
    assert [type(metric) for metric in chosen] == [
        metrics.BinaryAccuracy,
        metrics.MeanAbsoluteError,
        metrics.BinaryAccuracy,
    ]
    compiled.choose_metrics([((), (1,))])
    assert compiled.all_metrics()[0] is chosen[0]
    compiled.choose_metrics([((3,), (3,))])
    assert type(compiled.all_metrics()[0]) is metrics.CategoricalAccuracy


def test_metrics_of_one_name_are_numbered() -> None:
    compiled = Compiled("sgd", "mse", [["mae"], metrics.MeanSquaredError(name="mae")], ["mae"])
    assert compiled.metrics_names == ["loss", "mae", "mae_1", "weighted_mae"]
    compiled.choose_metrics([((1,), (1,))])
    compiled.update([TRUTH], [GUESS], [WEIGHTS])
    assert compiled.results([0.5]) == {"loss": 0.5, "mae": 2.0, "mae_1": 5.0, "weighted_mae": 1.0}


def test_only_weighted_metrics_see_weights() -> None:
    compiled = Compiled("sgd", "mse", ["mae"], ["mse"])
    compiled.choose_metrics([((1,), (1,))])
    compiled.update([TRUTH], [GUESS], [WEIGHTS])
    assert compiled.results([0.5]) == {"loss": 0.5, "mae": 2.0, "mse": 1.0}
    compiled.reset()
    assert compiled.results([0.5]) == {"loss": 0.5, "mae": 0.0, "mse": 0.0}


def test_no_loss_is_allowed_until_it_is_needed() -> None:
    compiled = Compiled("sgd", None, None, None)
    assert not compiled.has_loss
    with pytest.raises(StateError, match="No loss"):
        _ = compiled.losses
    assert compiled.get_config()["loss"] is None


def test_a_loss_and_metrics_of_ones_own_are_not_saved() -> None:
    class Own(losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return y_pred

        gradient = call

    def worst(y_true: Any, y_pred: Any) -> Any:
        return y_pred

    compiled = Compiled("sgd", Own(), ["mae", worst], [worst])
    assert compiled.metrics_names == ["loss", "mae", "worst", "weighted_worst"]
    with pytest.warns(UserWarning, match="not saved"):
        config = compiled.get_config()
    assert (config["loss"], config["metrics"], config["weighted_metrics"]) == (None, ["mae"], [])


def test_losses_and_metrics_of_several_outputs() -> None:
    compiled = Compiled("sgd", {"b": "mse", "a": "ce"}, {"b": ["mse", "mae"], "a": "acc"}, [[], "mse"], [1, 0.5], HEADS)
    assert compiled.metrics_names == [
        "loss", "a_loss", "b_loss", "a_acc", "b_mae", "b_mse", "b_weighted_mse",
    ]  # fmt: skip
    shapes = [((), (3,)), ((1,), (1,))]
    compiled.choose_losses(shapes)
    compiled.choose_metrics(shapes)
    assert [type(each) for each in compiled.losses] == [losses.SparseCategoricalCrossentropy, losses.MeanSquaredError]
    assert compiled.loss_weights == [1.0, 0.5]
    rows = np.eye(3, dtype=np.float32)[:2]
    compiled.update([np.array([0, 2]), TRUTH], [rows, GUESS], [None, WEIGHTS])
    assert list(compiled.results([3.0, 1.0, 2.0]).values()) == [3.0, 1.0, 2.0, 0.5, 2.0, 5.0, 1.0]
    twin = Compiled(**_arguments(compiled.get_config()), outputs=HEADS)
    assert twin.get_config() == compiled.get_config()
    assert twin.metrics_names == compiled.metrics_names


def _arguments(config: dict[str, Any]) -> dict[str, Any]:
    names = {"metrics": "metric_names", "weighted_metrics": "weighted_metric_names"}
    return {names.get(name, name): value for name, value in config.items()}


def test_one_loss_for_all_outputs_and_outputs_without_one() -> None:
    assert Compiled("sgd", "mse", outputs=HEADS).metrics_names == ["loss", "a_loss", "b_loss"]
    one = Compiled("sgd", [None, "mse"], [["mae"], ["mae"]], outputs=HEADS)
    assert one.metrics_names == ["loss", "a_mae", "b_mae"]
    with pytest.raises(ParameterError, match=r"no targets for the metrics \['mae'\]"):
        one.choose_metrics([(None, (1,)), ((1,), (1,))])


def test_means_of_losses_are_over_samples() -> None:
    compiled = Compiled("sgd", "mse", outputs=HEADS)
    means = MeanLosses(compiled)
    means.add(3.0, np.array([1.0, 2.0]), 3)
    means.add(7.0, np.array([5.0, 2.0]), 1)
    assert (means.seen, means.means()) == (4, [4.0, 2.0, 2.0])
    means.add(float("nan"), np.array([1.0, 2.0]), 1)
    assert np.isnan(means.means()).all()
