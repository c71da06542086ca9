"""Metrics: figures of merit that training and evaluation accumulate over batches, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convcore.checks import find
from convcore.errors import ParameterError
from convcore.keras_names import missing
from convcore.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
)
from convcore.metrics.auc import (
    AUC,
)
from convcore.metrics.base import (
    Mean,
    MeanMetricWrapper,
    Metric,
    Sum,
)
from convcore.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from convcore.metrics.f_score import (
    F1Score,
    FBetaScore,
)
from convcore.metrics.iou import IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from convcore.metrics.of_losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from convcore.metrics.regression import (
    CosineSimilarity,
    MeanAbsoluteError,
    MeanSquaredError,
    RootMeanSquaredError,
)
from convcore.metrics.top_k import (
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from convcore.naming import to_snake_case

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "IoU",
    "KLDivergence",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanIoU",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "OneHotIoU",
    "OneHotMeanIoU",
    "Poisson",
    "Precision",
    "Recall",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "deserialize",
    "for_shapes",
    "get",
    "serialize",
]

_KINDS: tuple[type[Metric], ...] = (
    AUC,
    Accuracy,
    BinaryAccuracy,
    BinaryCrossentropy,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    F1Score,
    FBetaScore,
    FalseNegatives,
    FalsePositives,
    Hinge,
    IoU,
    KLDivergence,
    LogCoshError,
    Mean,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanIoU,
    MeanSquaredLogarithmicError,
    OneHotIoU,
    OneHotMeanIoU,
    Poisson,
    Precision,
    Recall,
    RootMeanSquaredError,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    SquaredHinge,
    Sum,
    TopKCategoricalAccuracy,
    TrueNegatives,
    TruePositives,
)

#: The metrics by name, and Keras's short names of some of them.
_METRICS: dict[str, type[Metric]] = {to_snake_case(kind.__name__): kind for kind in _KINDS} | {
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
    "rmse": RootMeanSquaredError,
    "bce": BinaryCrossentropy,
    "kld": KLDivergence,
    "logcosh": LogCoshError,
}

#: The names that stand for whichever accuracy fits the shapes.
_ACCURACY = ("accuracy", "acc")
_CROSSENTROPY = ("crossentropy", "ce")


def for_shapes(identifier: object, target_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> Metric:
    """The metric meant by `identifier` for targets and outputs of these shapes (without the batch axis).

    "accuracy" and "acc" become binary accuracy where the output has one value, sparse categorical accuracy where the
    target has an axis less or a last axis of 1, categorical accuracy otherwise; "crossentropy" and "ce" likewise. A
    metric given by a string keeps that string as its name.

    >>> for_shapes("acc", (), (10,))
    <SparseCategoricalAccuracy name=acc>
    """
    if isinstance(identifier, str) and identifier.lower() in _ACCURACY:
        if output_shape and output_shape[-1] == 1:
            return BinaryAccuracy(name=identifier)
        if len(target_shape) < len(output_shape) or target_shape[-1] == 1:
            return SparseCategoricalAccuracy(name=identifier)
        return CategoricalAccuracy(name=identifier)
    if isinstance(identifier, str) and identifier.lower() in _CROSSENTROPY:
        if output_shape and output_shape[-1] == 1:
            return BinaryCrossentropy(name=identifier)
        if len(target_shape) < len(output_shape) or target_shape[-1] == 1:
            return SparseCategoricalCrossentropy(name=identifier)
        return CategoricalCrossentropy(name=identifier)
    metric = get(identifier)
    if isinstance(identifier, str):
        metric.name = identifier
    return metric


def get(identifier: object) -> Metric:
    """The metric meant by a name, an object, a config or a function ``(y_true, y_pred)`` of NumPy arrays.

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
        return MeanMetricWrapper(identifier)
    make: Any = find("metrics", "metric", identifier, _METRICS)
    if isinstance(make, type) and issubclass(make, IoU):
        raise ParameterError(f"The metric {make.__name__} needs arguments: give it as an object, with num_classes.")
    metric: Metric = make()
    return metric


def serialize(metric: Metric) -> dict[str, Any]:
    """`metric` as plain data: ``{"class_name": ..., "config": ...}``."""
    return {"class_name": type(metric).__name__, "config": metric.get_config()}


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, type[Metric]] | None = None) -> Metric:
    """The metric that `serialize` wrote; `custom_objects` maps the names of one's own classes to them."""
    kinds = {**_METRICS, **(custom_objects or {})}
    return find("metrics", "metric", config.get("class_name"), kinds).from_config(config.get("config", {}))


def __getattr__(name: str) -> Any:
    error = missing("metrics", name, ", ".join(__all__))
    raise error or AttributeError(f"module {__name__!r} has no attribute {name!r}")
