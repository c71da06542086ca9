"""Activation functions: on NumPy arrays, and by name for the layers.

Each function takes an array of any real dtype and returns float32 (float64 for float64 input).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.errors import NotSupportedError, ParameterError
from convcore.keras_names import missing

__all__ = ["deserialize", "get", "linear", "relu", "serialize", "sigmoid", "softmax", "tanh"]

Array = npt.NDArray[Any]
Activation = Callable[..., Any]


def _floating(x: npt.ArrayLike) -> Array:
    array = np.asarray(x)
    double = array.dtype == np.float64 and not isinstance(x, (list, tuple, float))
    return array if double else array.astype(np.float32, copy=False)


def relu(
    x: npt.ArrayLike, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Array:
    """``max(x, 0)``, element by element; NaN stays NaN.

    With the other arguments: `max_value` where x >= max_value, x where threshold < x < max_value, and
    ``negative_slope * (x - threshold)`` elsewhere.

    >>> relu([-1.0, 0.0, 2.0])
    array([0., 0., 2.], dtype=float32)
    """
    from convcore import ops

    array = _floating(x)
    if negative_slope == 0.0 and max_value is None and threshold == 0.0:
        return ops.relu(array)
    # 0 * -inf would be NaN; the 0 added turns -0 into 0.
    below = negative_slope * (array - threshold) + 0.0 if negative_slope else np.where(np.isnan(array), array, 0.0)
    y = np.where(array > threshold, array, below)
    if max_value is not None:
        y = np.minimum(y, max_value)
    return y.astype(array.dtype)


def softmax(x: npt.ArrayLike, axis: int = -1) -> Array:
    """``exp(x) / sum(exp(x))`` along `axis`.

    >>> softmax([[0.0, 0.0]])
    array([[0.5, 0.5]], dtype=float32)
    """
    from convcore import ops

    array = np.moveaxis(_floating(x), axis, -1)
    return np.moveaxis(ops.softmax(np.ascontiguousarray(array)), -1, axis)


def sigmoid(x: npt.ArrayLike) -> Array:
    """``1 / (1 + exp(-x))``, element by element.

    >>> sigmoid([0.0])
    array([0.5], dtype=float32)
    """
    from convcore import ops

    return ops.sigmoid(_floating(x))


def tanh(x: npt.ArrayLike) -> Array:
    """The hyperbolic tangent, element by element.

    >>> tanh([0.0])
    array([0.], dtype=float32)
    """
    from convcore import ops

    return ops.tanh(_floating(x))


def linear(x: npt.ArrayLike) -> Array:
    """`x` unchanged."""
    return np.asarray(x)


_FUNCTIONS: dict[str, Activation] = {
    "relu": relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softmax": softmax,
    "linear": linear,
}


def get(identifier: Any) -> Activation:
    """The activation function meant by `identifier`: None, a name in any case, or one of the functions here.

    >>> get("ReLU") is relu, get(None) is linear
    (True, True)
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        name = identifier.lower()
        if name in _FUNCTIONS:
            return _FUNCTIONS[name]
        unsupported = missing("activations", name)
        if unsupported is not None:
            raise unsupported
        raise ParameterError(
            f"Could not interpret activation function identifier: {identifier}. Supported: {', '.join(_FUNCTIONS)}."
        )
    if identifier in _FUNCTIONS.values():
        found: Activation = identifier
        return found
    if callable(identifier):
        raise NotSupportedError(
            f"convcore does not implement activation functions of one's own (received {identifier!r}; supported: "
            f"{', '.join(_FUNCTIONS)}). Write it as a layer: subclass keras.layers.Layer with forward and backward."
        )
    raise ParameterError(
        f"Could not interpret activation function identifier: {identifier!r}. Supported: {', '.join(_FUNCTIONS)}."
    )


def serialize(activation: Activation) -> str:
    """The name of an activation function of this module."""
    for name, function in _FUNCTIONS.items():
        if function is activation:
            return name
    raise ParameterError(f"{activation!r} is not one of the activations {', '.join(_FUNCTIONS)}.")


def deserialize(config: str) -> Activation:
    """The activation function called `config`."""
    return get(config)


def __getattr__(name: str) -> Any:
    raise missing("activations", name) or AttributeError(f"module {__name__!r} has no attribute {name!r}")
