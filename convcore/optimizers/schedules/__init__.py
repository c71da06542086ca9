"""Learning rate schedules: functions of the number of batches seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convcore.checks import find
from convcore.keras_names import missing
from convcore.optimizers.schedules.base import LearningRateSchedule
from convcore.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts, OneCycle
from convcore.optimizers.schedules.decay import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "OneCycle",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]

_SCHEDULES: dict[str, type[LearningRateSchedule]] = {
    kind.__name__: kind
    for kind in (
        ExponentialDecay,
        InverseTimeDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
        CosineDecay,
        CosineDecayRestarts,
        OneCycle,
    )
}


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """A schedule as plain data: ``{"class_name": ..., "config": ...}``."""
    return {"class_name": type(learning_rate_schedule).__name__, "config": learning_rate_schedule.get_config()}


def deserialize(
    config: Mapping[str, Any], custom_objects: Mapping[str, type[LearningRateSchedule]] | None = None
) -> LearningRateSchedule:
    """The schedule that `serialize` wrote; `custom_objects` maps the names of one's own classes to them."""
    kinds = {**_SCHEDULES, **(custom_objects or {})}
    kind = find("optimizers.schedules", "learning rate schedule", config.get("class_name"), kinds)
    return kind.from_config(config.get("config", {}))


def __getattr__(name: str) -> Any:
    error = missing("optimizers.schedules", name, ", ".join(__all__))
    raise error or AttributeError(f"module {__name__!r} has no attribute {name!r}")
