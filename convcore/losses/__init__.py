"""Losses: what a model minimises, and the targets each of them takes.

The engine computes loss and gradient (`Loss.spec` names the kernel); what stands here validates the targets
once, before training, and gives the same values in NumPy for use by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from convcore.checks import find
from convcore.errors import ParameterError
from convcore.keras_names import missing
from convcore.losses.base import Loss
from convcore.losses.binary import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
)
from convcore.losses.crossentropy import (
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    sparse_categorical_crossentropy,
)
from convcore.losses.divergence import KLDivergence, Poisson, kl_divergence, poisson
from convcore.losses.margin import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from convcore.losses.own import OwnLoss
from convcore.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
    "deserialize",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
]

_FUNCTIONS: dict[Any, type[Loss]] = {
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    binary_crossentropy: BinaryCrossentropy,
    categorical_focal_crossentropy: CategoricalFocalCrossentropy,
    binary_focal_crossentropy: BinaryFocalCrossentropy,
    mean_squared_error: MeanSquaredError,
    mean_absolute_error: MeanAbsoluteError,
    mean_absolute_percentage_error: MeanAbsolutePercentageError,
    mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
    huber: Huber,
    log_cosh: LogCosh,
    cosine_similarity: CosineSimilarity,
    kl_divergence: KLDivergence,
    poisson: Poisson,
    hinge: Hinge,
    squared_hinge: SquaredHinge,
    categorical_hinge: CategoricalHinge,
}

#: The losses by name, and Keras's short names of some of them.
_LOSSES: dict[str, type[Loss]] = {function.__name__: kind for function, kind in _FUNCTIONS.items()} | {
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
    "bce": BinaryCrossentropy,
    "kld": KLDivergence,
    "logcosh": LogCosh,
}


def get(identifier: object) -> Loss:
    """The loss meant by a name (snake_case, CamelCase or "mse"), an object, a function of this module or a config.

    Another callable is a loss of one's own. Raises NotSupportedError for a loss of Keras's that convcore lacks,
    ParameterError otherwise.

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
        return OwnLoss(identifier)
    make: Callable[[], Loss] = find("losses", "loss", identifier, _LOSSES)
    return make()


def depends_on_shapes(identifier: object) -> bool:
    """Whether `identifier` stands for whichever cross-entropy fits the shapes: "crossentropy" or "ce"."""
    return isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce")


def for_shapes(identifier: object, target_shape: tuple[int, ...] | None, output_shape: tuple[int, ...]) -> Loss:
    """The loss meant by `identifier` for targets and outputs of these shapes (without the batch axis).

    "crossentropy" and "ce" become the binary one where the output has one value, the one of class ids where the target
    has an axis less or a last axis of 1, the categorical one otherwise.

    >>> for_shapes("ce", (), (10,)).name
    'sparse_categorical_crossentropy'
    """
    if not depends_on_shapes(identifier):
        return get(identifier)
    if output_shape and output_shape[-1] == 1:
        return BinaryCrossentropy()
    if not target_shape or len(target_shape) < len(output_shape) or target_shape[-1] == 1:
        return SparseCategoricalCrossentropy()
    return CategoricalCrossentropy()


def serialize(loss: Loss) -> dict[str, Any]:
    """`loss` as plain data: ``{"class_name": ..., "config": ...}``."""
    return {"class_name": type(loss).__name__, "config": loss.get_config()}


def deserialize(name: Mapping[str, Any], custom_objects: Mapping[str, type[Loss]] | None = None) -> Loss:
    """The loss that `serialize` wrote; `custom_objects` maps the names of one's own classes to them."""
    kinds = {kind.__name__: kind for kind in _FUNCTIONS.values()} | dict(custom_objects or {})
    return find("losses", "loss", name.get("class_name"), kinds).from_config(name.get("config", {}))


def __getattr__(name: str) -> Any:
    error = missing("losses", name, ", ".join(__all__))
    raise error or AttributeError(f"module {__name__!r} has no attribute {name!r}")
