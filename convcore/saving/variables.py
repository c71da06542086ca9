"""A model's variables by name, in the order of ``get_weights``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from convcore.errors import ModelFileError

if TYPE_CHECKING:
    from convcore.layers.base import Layer
    from convcore.models import Model
    from convcore.variables import Variable

__all__ = ["describe", "named_layers", "named_variables", "saved_variables"]

FloatArray = npt.NDArray[np.float32]


def named_layers(model: Model, prefix: str = "") -> Iterator[tuple[str, Layer]]:
    """The layers of `model` that are no models, with names such as ``conv2d``, or ``inner/conv2d`` in a nested one."""
    for layer in model.layers:
        path = prefix + layer.name
        if hasattr(layer, "layers"):
            yield from named_layers(cast("Model", layer), f"{path}/")
        else:
            yield path, layer


def named_variables(model: Model) -> dict[str, Variable]:
    """The variables of `model` by names such as ``conv2d/kernel``."""
    named: dict[str, Variable] = {}
    for path, layer in named_layers(model):
        for variable in layer.weights:
            name = f"{path}/{variable.name}"
            count = 1
            while name in named:
                name = f"{path}/{variable.name}_{count}"
                count += 1
            named[name] = variable
    return named


def describe(named: dict[str, Variable]) -> list[dict[str, Any]]:
    """The names and shapes of the variables, in order, for a file's configuration."""
    return [{"name": name, "shape": list(variable.shape)} for name, variable in named.items()]


def saved_variables(config: dict[str, Any], tensors: dict[str, FloatArray], path: str) -> dict[str, FloatArray]:
    """The values of the variables of a file, by name, in order."""
    entries = config.get("variables")
    if not isinstance(entries, list):
        raise ModelFileError(f"{path}: its configuration lists no variables.")
    values: dict[str, FloatArray] = {}
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or name in values or name not in tensors:
            raise ModelFileError(f"{path}: its list of variables does not fit its tensors, at {entry!r:.200}.")
        if list(tensors[name].shape) != entry.get("shape"):
            raise ModelFileError(
                f"{path}: the tensor {name!r} has shape {tensors[name].shape}, its description says "
                f"{entry.get('shape')!r:.200}."
            )
        values[name] = tensors[name]
    return values
