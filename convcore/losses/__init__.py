"""Losses: what a model minimises, and the targets each of them takes.

The engine computes loss and gradient (`Loss.spec` names the kernel); what stands here validates the targets
once, before training, and gives the same values in NumPy for use by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from convcore.checks import find
from convcore.errors import NotSupportedError, ParameterError
from convcore.keras_names import missing
from convcore.losses.base import Loss
from convcore.losses.crossentropy import (
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from convcore.losses.regression import MeanSquaredError, mean_squared_error

__all__ = [
    "CategoricalCrossentropy",
    "Loss",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "categorical_crossentropy",
    "deserialize",
    "get",
    "mean_squared_error",
    "serialize",
    "sparse_categorical_crossentropy",
]


_LOSSES: dict[str, type[Loss]] = {
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
}

#: Short names of losses that Keras has and convcore lacks.
_ALIASES = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
}

_FUNCTIONS: dict[Any, Callable[[], Loss]] = {
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    mean_squared_error: MeanSquaredError,
}


def get(identifier: object) -> Loss:
    """The loss meant by a name (snake_case, CamelCase or "mse"), an object, a function of this module or a config.

    Raises NotSupportedError for a loss of Keras's that convcore lacks and for callables, ParameterError otherwise.

    >>> get("mse").name
    'mean_squared_error'
    """
    if isinstance(identifier, Loss):
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if callable(identifier):
        if isinstance(identifier, type) and issubclass(identifier, Loss):
            raise ParameterError(f"loss is the class {identifier.__name__}: call it, as in {identifier.__name__}().")
        if identifier in _FUNCTIONS:
            return _FUNCTIONS[identifier]()
        raise NotSupportedError(
            f"convcore does not train with a loss written in Python (supported: {', '.join(_LOSSES)})."
        )
    make: Any = find("losses", "loss", identifier, _LOSSES, _ALIASES)
    loss: Loss = make()
    return loss


def serialize(loss: Loss) -> dict[str, Any]:
    """`loss` as plain data: ``{"class_name": ..., "config": ...}``."""
    return {"class_name": type(loss).__name__, "config": loss.get_config()}


def deserialize(config: Mapping[str, Any]) -> Loss:
    """The loss that `serialize` wrote."""
    kind = find("losses", "loss", config.get("class_name"), _LOSSES)
    return kind.from_config(config.get("config", {}))


def __getattr__(name: str) -> Any:
    error = missing("losses", name, ", ".join(__all__))
    raise error or AttributeError(f"module {__name__!r} has no attribute {name!r}")
