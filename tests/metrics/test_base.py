"""Means, and how compile's names become metrics."""

from __future__ import annotations

from typing import Any

import pytest

from convcore import metrics
from convcore.errors import NotSupportedError, ParameterError, ShapeError


def test_mean_is_weighted_and_starts_at_zero() -> None:
    mean = metrics.Mean()
    assert mean.result() == 0.0
    mean.update_state([1.0, 2.0])
    mean.update_state(6.0)
    assert mean.result() == 3.0
    mean.reset_state()
    mean.update_state([1.0, 10.0], sample_weight=[3.0, 1.0])
    assert mean.result() == 13 / 4
    with pytest.raises(ShapeError):
        mean.update_state([1.0, 2.0], sample_weight=[1.0])


@pytest.mark.parametrize("name", ["accuracy", "acc"])
@pytest.mark.parametrize(
    ("target", "output", "kind"),
    [
        ((), (1,), metrics.BinaryAccuracy),
        ((1,), (1,), metrics.BinaryAccuracy),
        ((), (10,), metrics.SparseCategoricalAccuracy),
        ((1,), (10,), metrics.SparseCategoricalAccuracy),
        ((10,), (10,), metrics.CategoricalAccuracy),
    ],
)
def test_accuracy_is_chosen_by_the_shapes_and_keeps_its_name(
    name: str, target: tuple[int, ...], output: tuple[int, ...], kind: type[metrics.Metric]
) -> None:
    metric = metrics.for_shapes(name, target, output)
    assert type(metric) is kind
    assert metric.name == name


def test_strings_stay_names_and_objects_keep_theirs() -> None:
    assert metrics.for_shapes("mse", (3,), (3,)).name == "mse"
    own = metrics.BinaryAccuracy(name="mine", threshold=0.2)
    assert metrics.for_shapes(own, (), (1,)) is own


def test_what_is_missing_is_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match=r"keras\.metrics\.R2Score .supported: auc"):
        metrics.get("R2Score")
    with pytest.raises(NotSupportedError, match=r"keras\.metrics\.BinaryIoU"):
        metrics.BinaryIoU  # noqa: B018


@pytest.mark.parametrize("name", ["acuracy", 3, metrics.Mean])
def test_what_nobody_knows_is_refused(name: Any) -> None:
    with pytest.raises(ParameterError):
        metrics.get(name)


def test_plain_data_makes_the_metric_again() -> None:
    config = metrics.serialize(metrics.BinaryAccuracy(name="mine", threshold=0.2))
    again = metrics.get(config)
    assert isinstance(again, metrics.BinaryAccuracy)
    assert (again.name, again.threshold) == ("mine", 0.2)


def test_sum_is_weighted() -> None:
    total = metrics.Sum()
    total.update_state([[1, 2], [3, 4]], sample_weight=[1, 0.5])
    total.update_state(5)
    assert total.result() == 11.5
    total.reset_state()
    assert total.result() == 0


def test_a_function_is_a_metric() -> None:
    def largest(y_true: Any, y_pred: Any, scale: float = 1.0) -> Any:
        return scale * abs(y_true - y_pred).max(axis=-1)

    metric = metrics.get(largest)
    assert metric.name == "largest"
    assert metric([[0, 1]], [[3, 1]]) == 3.0
    assert metrics.MeanMetricWrapper(largest, "twice", scale=2.0)([[0, 1]], [[3, 1]]) == 6.0
    with pytest.raises(NotSupportedError, match="largest"):
        metrics.serialize(metric)


@pytest.mark.parametrize("name", [name for name in metrics.__all__ if name[0].isupper()])
def test_every_metric_is_found_by_its_name(name: str) -> None:
    if name.endswith("IoU"):
        with pytest.raises(ParameterError, match=f"{name} needs arguments"):
            metrics.get(name)
    elif name not in ("Metric", "MeanMetricWrapper"):
        assert type(metrics.get(name)) is getattr(metrics, name)


@pytest.mark.parametrize(
    ("target", "output", "kind"),
    [
        ((1,), (1,), metrics.BinaryCrossentropy),
        ((), (10,), metrics.SparseCategoricalCrossentropy),
        ((10,), (10,), metrics.CategoricalCrossentropy),
    ],
)
def test_crossentropy_is_chosen_by_the_shapes(target: Any, output: Any, kind: Any) -> None:
    metric = metrics.for_shapes("ce", target, output)
    assert (type(metric), metric.name) == (kind, "ce")


def test_weights_of_other_ranks() -> None:
    mean = metrics.Mean()
    mean.update_state([1.0, 3.0], sample_weight=[[1.0], [0.0]])
    mean.update_state([[1.0, 3.0], [5.0, 7.0]], sample_weight=2.0)
    assert mean.result() == (1.0 + 2 * 4.0) / 3.0
