"""The activation functions, on NumPy arrays, and on what stands for arrays between layers.

Each function takes an array of any real dtype and returns float32 (float64 for float64 input).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.errors import ParameterError
from convcore.shapes import integer

__all__ = [
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]

Array = npt.NDArray[Any]


def _floating(x: npt.ArrayLike) -> Array:
    array = np.asarray(x)
    double = array.dtype == np.float64 and not isinstance(x, (list, tuple, float))
    return array if double else array.astype(np.float32, copy=False)


def _apply(name: str, x: npt.ArrayLike, **arguments: Any) -> Array:
    from convcore import ops

    if _is_symbolic(x):
        return _between_layers(name, x, **arguments)
    return ops.activation(_floating(x), name, **arguments)


def _is_symbolic(x: Any) -> bool:
    return hasattr(type(x), "activated")


def _between_layers(name: str, x: Any, **arguments: Any) -> Array:
    y: Array = x.activated(name, arguments)
    return y


def relu(
    x: npt.ArrayLike, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Array:
    """``max(x, 0)``, element by element; NaN stays NaN.

    With the other arguments: `max_value` where x >= max_value, x where threshold < x < max_value, and
    ``negative_slope * (x - threshold)`` elsewhere.

    >>> relu([-1.0, 0.0, 2.0])
    array([0., 0., 2.], dtype=float32)
    """
    return _apply("relu", x, negative_slope=negative_slope, max_value=max_value, threshold=threshold)


def _along(function: Callable[..., Array], x: Array, axis: int | Sequence[int]) -> Array:
    """``function(x, axis)``; several axes count as one."""
    if not isinstance(axis, list | tuple):
        return function(x, axis)
    axes = tuple(integer("axis", each, -x.ndim, x.ndim - 1) % x.ndim for each in axis)
    if not axes or len(set(axes)) < len(axes):
        raise ParameterError(f"`axis` must name different axes. Received: axis={axis}")
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    y = function(moved.reshape(*moved.shape[: x.ndim - len(axes)], -1), -1)
    return np.moveaxis(y.reshape(moved.shape), last, axes)


def softmax(x: npt.ArrayLike, axis: int | Sequence[int] = -1) -> Array:
    """``exp(x) / sum(exp(x))`` along `axis`, or several that count as one.

    >>> softmax([[0.0, 0.0]])
    array([[0.5, 0.5]], dtype=float32)
    """
    from convcore import ops

    if _is_symbolic(x):
        return _between_layers("softmax", x, axis=axis)
    return _along(ops.softmax, _floating(x), axis)


def log_softmax(x: npt.ArrayLike, axis: int | Sequence[int] = -1) -> Array:
    """The logarithm of `softmax`.

    >>> log_softmax([[0.0, -200.0]])
    array([[   0., -200.]], dtype=float32)
    """
    from convcore import ops

    if _is_symbolic(x):
        return _between_layers("log_softmax", x, axis=axis)
    return _along(ops.log_softmax, _floating(x), axis)


def celu(x: npt.ArrayLike, alpha: float = 1.0) -> Array:
    """x where x > 0, ``alpha * (exp(x / alpha) - 1)`` elsewhere (Barron, 2017).

    >>> celu([0.0, 2.0])
    array([0., 2.], dtype=float32)
    """
    return _apply("celu", x, alpha=alpha)


def elu(x: npt.ArrayLike, alpha: float = 1.0) -> Array:
    """x where x > 0, ``alpha * (exp(x) - 1)`` elsewhere (Clevert et al., 2016).

    >>> elu([0.0, 2.0])
    array([0., 2.], dtype=float32)
    """
    return _apply("elu", x, alpha=alpha)


def exponential(x: npt.ArrayLike) -> Array:
    """``exp(x)``, element by element.

    >>> exponential([0.0])
    array([1.], dtype=float32)
    """
    return _apply("exponential", x)


def gelu(x: npt.ArrayLike, approximate: bool = False) -> Array:
    """x times the probability that a standard normal number is below it, or nearly so by tanh if `approximate`
    (Hendrycks and Gimpel, 2016).

    >>> gelu([0.0])
    array([0.], dtype=float32)
    """
    return _apply("gelu", x, approximate=approximate)


def hard_shrink(x: npt.ArrayLike, threshold: float = 0.5) -> Array:
    """x where ``|x| > threshold``, 0 elsewhere.

    >>> hard_shrink([0.25, 2.0])
    array([0., 2.], dtype=float32)
    """
    return _apply("hard_shrink", x, threshold=threshold)


def hard_sigmoid(x: npt.ArrayLike) -> Array:
    """``x / 6 + 0.5``, at least 0 and at most 1.

    >>> hard_sigmoid([-3.0, 0.0])
    array([0. , 0.5], dtype=float32)
    """
    return _apply("hard_sigmoid", x)


def hard_silu(x: npt.ArrayLike) -> Array:
    """``x * hard_sigmoid(x)`` (Howard et al., 2019).

    >>> hard_silu([-3.0, 3.0])
    array([-0.,  3.], dtype=float32)
    """
    return _apply("hard_silu", x)


def hard_tanh(x: npt.ArrayLike) -> Array:
    """x, at least -1 and at most 1.

    >>> hard_tanh([-3.0, 0.5])
    array([-1. ,  0.5], dtype=float32)
    """
    return _apply("hard_tanh", x)


def leaky_relu(x: npt.ArrayLike, negative_slope: float = 0.2) -> Array:
    """x where x > 0, ``negative_slope * x`` elsewhere.

    >>> leaky_relu([-5.0, 2.0])
    array([-1.,  2.], dtype=float32)
    """
    return _apply("leaky_relu", x, negative_slope=negative_slope)


def log_sigmoid(x: npt.ArrayLike) -> Array:
    """``log(sigmoid(x))``, element by element.

    >>> log_sigmoid([-200.0])
    array([-200.], dtype=float32)
    """
    return _apply("log_sigmoid", x)


def mish(x: npt.ArrayLike) -> Array:
    """``x * tanh(softplus(x))`` (Misra, 2019).

    >>> mish([0.0])
    array([0.], dtype=float32)
    """
    return _apply("mish", x)


def relu6(x: npt.ArrayLike) -> Array:
    """``max(x, 0)``, at most 6.

    >>> relu6([-1.0, 7.0])
    array([0., 6.], dtype=float32)
    """
    return _apply("relu6", x)


def selu(x: npt.ArrayLike) -> Array:
    """``1.0507 * elu(x, 1.6733)``: activations keep mean 0 and variance 1 (Klambauer et al., 2017).

    >>> selu([0.0])
    array([0.], dtype=float32)
    """
    return _apply("selu", x)


def sigmoid(x: npt.ArrayLike) -> Array:
    """``1 / (1 + exp(-x))``, element by element.

    >>> sigmoid([0.0])
    array([0.5], dtype=float32)
    """
    return _apply("sigmoid", x)


def silu(x: npt.ArrayLike) -> Array:
    """``x * sigmoid(x)``, also called swish (Ramachandran et al., 2017).

    >>> silu([0.0])
    array([0.], dtype=float32)
    """
    return _apply("silu", x)


def soft_shrink(x: npt.ArrayLike, threshold: float = 0.5) -> Array:
    """x, moved by `threshold` towards 0 and not beyond.

    >>> soft_shrink([-2.0, 0.25])
    array([-1.5,  0. ], dtype=float32)
    """
    return _apply("soft_shrink", x, threshold=threshold)


def softplus(x: npt.ArrayLike) -> Array:
    """``log(exp(x) + 1)``, element by element.

    >>> softplus([200.0])
    array([200.], dtype=float32)
    """
    return _apply("softplus", x)


def softsign(x: npt.ArrayLike) -> Array:
    """``x / (1 + |x|)``, element by element.

    >>> softsign([-1.0, 3.0])
    array([-0.5 ,  0.75], dtype=float32)
    """
    return _apply("softsign", x)


def sparse_plus(x: npt.ArrayLike) -> Array:
    """0 up to -1, ``(x + 1)**2 / 4`` up to 1, x beyond.

    >>> sparse_plus([-1.0, 1.0])
    array([0., 1.], dtype=float32)
    """
    return _apply("sparse_plus", x)


def sparse_sigmoid(x: npt.ArrayLike) -> Array:
    """``(x + 1) / 2``, at least 0 and at most 1.

    >>> sparse_sigmoid([-1.0, 0.0])
    array([0. , 0.5], dtype=float32)
    """
    return _apply("sparse_sigmoid", x)


def squareplus(x: npt.ArrayLike, b: float = 4) -> Array:
    """``(x + sqrt(x**2 + b)) / 2``, element by element (Barron, 2021).

    >>> squareplus([0.0])
    array([1.], dtype=float32)
    """
    return _apply("squareplus", x, b=b)


def tanh(x: npt.ArrayLike) -> Array:
    """The hyperbolic tangent, element by element.

    >>> tanh([0.0])
    array([0.], dtype=float32)
    """
    return _apply("tanh", x)


def tanh_shrink(x: npt.ArrayLike) -> Array:
    """``x - tanh(x)``, element by element.

    >>> tanh_shrink([0.0])
    array([0.], dtype=float32)
    """
    return _apply("tanh_shrink", x)


def threshold(x: npt.ArrayLike, threshold: float, default_value: float) -> Array:
    """x where ``x > threshold``, `default_value` elsewhere.

    >>> threshold([1.0, 3.0], 2.0, -1.0)
    array([-1.,  3.], dtype=float32)
    """
    return _apply("threshold", x, threshold=threshold, default_value=default_value)


def linear(x: npt.ArrayLike) -> Array:
    """`x` unchanged."""
    return _between_layers("identity", x) if _is_symbolic(x) else np.asarray(x)


swish = silu
hard_swish = hard_silu
