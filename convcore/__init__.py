"""convcore: convolutional neural networks on the CPU, with the surface of Keras.

``import convcore as keras`` gives `Sequential`, `layers`, `models`, `datasets` and the other names of Keras that
convcore has; each loads on first use. The functional operations on NumPy arrays are in `convcore.ops`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from convcore import (
        activations,
        backend,
        callbacks,
        constraints,
        datasets,
        errors,
        initializers,
        layers,
        losses,
        metrics,
        models,
        ops,
        optimizers,
        random,
        regularizers,
        runtime,
        saving,
        utils,
    )
    from convcore.initializers import Initializer
    from convcore.layers import Input, InputSpec, Layer
    from convcore.losses import Loss
    from convcore.metrics import Metric
    from convcore.models import Model, Sequential
    from convcore.optimizers import Optimizer
    from convcore.regularizers import Regularizer
    from convcore.runtime import get_math, get_num_threads, set_math, set_num_threads, show_config, threads
    from convcore.variables import Variable

__all__ = [
    "Initializer",
    "Input",
    "InputSpec",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "Variable",
    "__version__",
    "activations",
    "backend",
    "callbacks",
    "constraints",
    "datasets",
    "errors",
    "get_math",
    "get_num_threads",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "runtime",
    "saving",
    "set_math",
    "set_num_threads",
    "show_config",
    "threads",
    "utils",
]

# Where each public name that is not a module of its own lives.
_HOMES = {
    "Initializer": "initializers",
    "Input": "layers",
    "InputSpec": "layers",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "Sequential": "models",
    "Variable": "variables",
    "get_num_threads": "runtime",
    "get_math": "runtime",
    "set_math": "runtime",
    "set_num_threads": "runtime",
    "show_config": "runtime",
    "threads": "runtime",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f"convcore.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if name in __all__:
        return import_module(f"convcore.{name}")
    from convcore.keras_names import missing

    raise missing("keras", name) or AttributeError(f"module 'convcore' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
