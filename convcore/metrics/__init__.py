"""Metrics: figures of merit that training and evaluation accumulate over batches, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convcore.checks import find, shown
from convcore.errors import NotSupportedError, ParameterError
from convcore.keras_names import missing
from convcore.metrics.accuracy import Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from convcore.metrics.base import Mean, Metric
from convcore.metrics.regression import MeanAbsoluteError, MeanSquaredError

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "Mean",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "SparseCategoricalAccuracy",
    "deserialize",
    "for_shapes",
    "get",
    "serialize",
]


_METRICS: dict[str, type[Metric]] = {
    "accuracy": Accuracy,
    "binary_accuracy": BinaryAccuracy,
    "categorical_accuracy": CategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
    "mean": Mean,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
}

#: The names that stand for whichever accuracy fits the shapes.
_ACCURACY = ("accuracy", "acc")


def for_shapes(identifier: object, target_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> Metric:
    """The metric meant by `identifier` for targets and outputs of these shapes (without the batch axis).

    "accuracy" and "acc" become binary accuracy where the output has one value, sparse categorical accuracy where the
    target has an axis less or a last axis of 1, categorical accuracy otherwise. A metric given by a string keeps
    that string as its name.

    >>> for_shapes("acc", (), (10,))
    <SparseCategoricalAccuracy name=acc>
    """
    if isinstance(identifier, str) and identifier.lower() in _ACCURACY:
        if output_shape and output_shape[-1] == 1:
            return BinaryAccuracy(name=identifier)
        if len(target_shape) < len(output_shape) or target_shape[-1] == 1:
            return SparseCategoricalAccuracy(name=identifier)
        return CategoricalAccuracy(name=identifier)
    metric = get(identifier)
    if isinstance(identifier, str):
        metric.name = identifier
    return metric


def get(identifier: object) -> Metric:
    """The metric meant by a name, an object or a config.

    >>> get("mae").name
    'mean_absolute_error'
    """
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        raise ParameterError(f"A metric is the class {identifier.__name__}: call it, as in {identifier.__name__}().")
    if callable(identifier):
        raise NotSupportedError(
            f"convcore does not implement functions as metrics (received {shown(identifier)}; supported: "
            f"{', '.join(_METRICS)}, and subclasses of convcore.metrics.Metric)."
        )
    make: Any = find("metrics", "metric", identifier, _METRICS)
    metric: Metric = make()
    return metric


def serialize(metric: Metric) -> dict[str, Any]:
    """`metric` as plain data: ``{"class_name": ..., "config": ...}``."""
    return {"class_name": type(metric).__name__, "config": metric.get_config()}


def deserialize(config: Mapping[str, Any]) -> Metric:
    """The metric that `serialize` wrote."""
    return find("metrics", "metric", config.get("class_name"), _METRICS).from_config(config.get("config", {}))


def __getattr__(name: str) -> Any:
    error = missing("metrics", name, ", ".join(__all__))
    raise error or AttributeError(f"module {__name__!r} has no attribute {name!r}")
