"""What stands in for ``keras``: convcore, also under the paths that Keras 2 had."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from convcore import backend, losses
from convcore.stand_ins import arrays, devices, generators

__all__ = ["content"]

#: The Keras whose semantics convcore has.
VERSION = "3.15.1+convcore"

# ``keras.config``, as far as there is something to choose.
_CONFIG = ("backend", "epsilon", "floatx", "image_data_format", "set_image_data_format")
_ACCEPTED = {
    f"{switch}_{what}": devices.accept
    for switch in ("disable", "enable")
    for what in ("interactive_logging", "traceback_filtering")
}

# Functions of `convcore.losses` by the short names that ``tf.keras.losses`` and ``tf.keras.metrics`` have for them.
_SHORT = {
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}

# Modules that Keras 2 had, and where their names are.
_MOVED = {
    "layers.advanced_activations": "layers",
    "layers.convolutional": "layers",
    "layers.core": "layers",
    "layers.experimental": "layers",
    "layers.experimental.preprocessing": "layers",
    "layers.merge": "layers",
    "layers.noise": "layers",
    "layers.normalization": "layers",
    "layers.pooling": "layers",
    "optimizers.legacy": "optimizers",
    "utils.np_utils": "utils",
}


def content(parts: Sequence[str]) -> tuple[dict[str, Any], ModuleType | None] | None:
    """The table and the module of convcore behind ``keras.<parts>``; None if there is none."""
    path = ".".join(parts)
    if path == "ops":  # those of convcore have other arguments
        return arrays.KERAS, None
    if path == "backend":
        return arrays.BACKEND, import_module("convcore.backend")
    if path in ("preprocessing", "preprocessing.image"):
        return ({"image": {}}, None) if path == "preprocessing" else (generators.IMAGE, None)
    if path == "config":
        return {name: getattr(backend, name) for name in _CONFIG} | _ACCEPTED, None
    module: Any = import_module("convcore")
    for part in _MOVED.get(path, path).split(".") if parts else ():
        if part not in module.__all__:
            return None
        module = getattr(module, part)
        if not isinstance(module, ModuleType):
            return None
    if path in ("losses", "metrics"):
        table = {name: getattr(losses, function) for name, function in _SHORT.items()}
        return table | {name.upper(): table[name] for name in table if len(name) < 5}, module
    return ({} if parts else {"__version__": VERSION}), module
