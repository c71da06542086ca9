"""What stands in for ``tensorflow``: Keras, seeds, devices, and the functions that tutorials prepare data with."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from convcore import random
from convcore.errors import NotSupportedError
from convcore.layers.symbolic import is_recording
from convcore.stand_ins import arrays, datasets, devices, specs
from convcore.stand_ins.tensors import answering

__all__ = ["content"]

#: The TensorFlow that Keras 3.15 works with.
VERSION = "2.21.0+convcore"

#: What a message names in place of the whole table.
SUPPORTED = (
    "keras, data, nn, math, config, random.set_seed, and functions on arrays such as cast, reshape, one_hot, argmax"
)


def _require_values(name: str) -> None:
    """Refuse to draw where a call() of one's own is looked at: each batch would have the same numbers."""
    if is_recording():
        raise NotSupportedError(
            f"convcore does not implement tensorflow.random.{name} in a call() (supported: layers that draw, such as "
            "Dropout, GaussianNoise and RandomFlip)"
        )


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = np.float32, seed: int | None = None) -> Any:
    """Normally distributed numbers."""
    _require_values("normal")
    return random.generator(seed).normal(mean, stddev, shape).astype(dtype)


def uniform(
    shape: Any, minval: float = 0, maxval: float | None = None, dtype: Any = np.float32, seed: int | None = None
) -> Any:
    """Uniformly distributed numbers, from `minval` to below `maxval`, by default 1."""
    _require_values("uniform")
    drawn = random.generator(seed).uniform(minval, 1 if maxval is None else maxval, shape)
    return np.floor(drawn).astype(dtype) if np.dtype(dtype).kind == "i" else drawn.astype(dtype)


def _logger() -> logging.Logger:
    return logging.getLogger("tensorflow")


_LOGGING: dict[str, Any] = {
    "DEBUG": logging.DEBUG,
    "ERROR": logging.ERROR,
    "FATAL": logging.FATAL,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "get_verbosity": lambda: _logger().level,
    "set_verbosity": lambda level: _logger().setLevel(level),
}
_TABLE: dict[str, Any] = {
    **arrays.TENSORFLOW,
    **specs.SPECS,
    "__version__": VERSION,
    "autograph": {"set_verbosity": devices.accept},
    "compat": {"v1": {"logging": _LOGGING, "set_random_seed": random.set_seed}, "v2": {}},
    "config": devices.CONFIG,
    "data": datasets.DATA,
    "device": devices.device,
    "executing_eagerly": lambda: True,
    "get_logger": _logger,
    "keras": {},
    "python": {"keras": {}},
    "random": {"normal": answering(normal), "set_seed": random.set_seed, "uniform": answering(uniform)},
    "test": devices.TEST,
    "version": {"VERSION": VERSION},
}


def content(parts: Sequence[str]) -> tuple[dict[str, Any], ModuleType | None] | None:
    """The table behind ``tensorflow.<parts>``; None if that is no module."""
    table = _TABLE
    for part in parts:
        table = table.get(part)  # type: ignore[assignment]
        if not isinstance(table, dict):
            return None
    return table, None
