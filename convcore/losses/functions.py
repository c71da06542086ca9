"""Functions of ``keras.ops`` and ``tensorflow`` that are not NumPy's, on what `convcore.losses.tape` records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["FUNCTIONS"]


def _sigmoid(x: Any) -> Any:
    return 0.5 * (np.tanh(0.5 * x) + 1.0)


def _softmax(x: Any, axis: int = -1) -> Any:
    shifted = np.exp(x - np.max(x.value, axis=axis, keepdims=True))
    return shifted / np.sum(shifted, axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: int = -1) -> Any:
    shifted = x - np.max(x.value, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


#: By name; the argument is called x.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "cast": lambda x, dtype=None: x.astype(dtype),
    "clip": lambda x, x_min, x_max: np.clip(x, x_min, x_max),
    "clip_by_value": lambda x, x_min, x_max: np.clip(x, x_min, x_max),
    "convert_to_tensor": lambda x, dtype=None, **kwargs: x.astype(dtype),
    "flatten": np.ravel,
    "identity": lambda x: x,
    "log_sigmoid": lambda x: -np.log1p(np.exp(-np.abs(x))) + np.minimum(x, 0.0),
    "log_softmax": _log_softmax,
    "reduce_max": lambda x, axis=None, keepdims=False: np.max(x, axis=axis, keepdims=keepdims),
    "reduce_mean": lambda x, axis=None, keepdims=False: np.mean(x, axis=axis, keepdims=keepdims),
    "reduce_min": lambda x, axis=None, keepdims=False: np.min(x, axis=axis, keepdims=keepdims),
    "reduce_std": lambda x, axis=None, keepdims=False: np.std(x, axis=axis, keepdims=keepdims),
    "reduce_sum": lambda x, axis=None, keepdims=False: np.sum(x, axis=axis, keepdims=keepdims),
    "reduce_variance": lambda x, axis=None, keepdims=False: np.var(x, axis=axis, keepdims=keepdims),
    "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "softplus": lambda x: np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0.0),
    "where": np.where,
}
