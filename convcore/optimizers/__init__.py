"""Optimizers: how gradients change parameters. Names, defaults and formulas are Keras's.

>>> get("adam").learning_rate
0.001
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convcore.checks import find
from convcore.errors import ParameterError
from convcore.keras_names import missing
from convcore.optimizers import schedules
from convcore.optimizers.adadelta import Adadelta
from convcore.optimizers.adagrad import Adagrad
from convcore.optimizers.adam import Adam, AdamW
from convcore.optimizers.adamax import Adamax
from convcore.optimizers.base import Optimizer
from convcore.optimizers.ftrl import Ftrl
from convcore.optimizers.lion import Lion
from convcore.optimizers.nadam import Nadam
from convcore.optimizers.rmsprop import RMSprop
from convcore.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

_OPTIMIZERS: dict[str, type[Any]] = {
    kind.__name__.lower(): kind for kind in (SGD, Adam, AdamW, RMSprop, Adadelta, Adagrad, Adamax, Ftrl, Lion, Nadam)
}


def get(identifier: object) -> Optimizer:
    """The optimizer meant by a name, an object or a config; a name gives a new one with the default arguments.

    Raises NotSupportedError for an optimizer of Keras's that convcore lacks, ParameterError for any other.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        raise ParameterError(f"optimizer is the class {identifier.__name__}: call it, as in {identifier.__name__}().")
    optimizer: Optimizer = find("optimizers", "optimizer", identifier, _OPTIMIZERS)()
    return optimizer


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """`optimizer` as plain data, without its state: ``{"class_name": ..., "config": ...}``."""
    return {"class_name": type(optimizer).__name__, "config": optimizer.get_config()}


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, type[Optimizer]] | None = None) -> Optimizer:
    """The optimizer that `serialize` wrote; `custom_objects` maps the names of one's own classes to them."""
    kind = find("optimizers", "optimizer", config.get("class_name"), {**_OPTIMIZERS, **(custom_objects or {})})
    optimizer: Optimizer = kind.from_config(config.get("config", {}))
    return optimizer


def __getattr__(name: str) -> Any:
    error = missing("optimizers", name, ", ".join(__all__))
    raise error or AttributeError(f"module {__name__!r} has no attribute {name!r}")
