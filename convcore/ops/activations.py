"""ReLU, sigmoid, tanh and softmax, and gradients of theirs."""

from __future__ import annotations

from functools import lru_cache

import numpy.typing as npt

from convcore.arrays import as_reals
from convcore.engine import native
from convcore.errors import ShapeError
from convcore.ops.running import PROGRAMS, Array, check_shape, new_result, run
from convcore.plans import pointwise
from convcore.plans.steps import Steps

__all__ = ["relu", "relu_backward", "sigmoid", "softmax", "softmax_backward", "tanh"]


@lru_cache(PROGRAMS)
def _activation_program(name: str, count: int, dtype: str) -> native.Program:
    steps = Steps(dtype)
    size = count * steps.item_bytes
    x, y = steps.external(size), steps.external(size, written=True)
    pointwise.activation(steps, name, count, x, y, pointwise.relu_fields())
    return steps.build()


def _activate(name: str, x: npt.ArrayLike) -> Array:
    dtype, (values,) = as_reals(x=x)
    y = new_result(values.shape, dtype)
    if values.size:
        run(_activation_program(name, values.size, dtype), values, y)
    return y


def relu(x: npt.ArrayLike) -> Array:
    """max(0, x), any shape; NaN stays NaN and -0.0 becomes 0.0.

    >>> import numpy as np, convcore
    >>> convcore.ops.relu(np.array([-1, 2], np.float32))
    array([0., 2.], dtype=float32)
    """
    return _activate("relu", x)


def sigmoid(x: npt.ArrayLike) -> Array:
    """1 / (1 + exp(-x)), any shape.

    >>> import numpy as np, convcore
    >>> convcore.ops.sigmoid(np.zeros(1, np.float32))
    array([0.5], dtype=float32)
    """
    return _activate("sigmoid", x)


def tanh(x: npt.ArrayLike) -> Array:
    """The hyperbolic tangent, any shape.

    >>> import numpy as np, convcore
    >>> convcore.ops.tanh(np.zeros(1, np.float32))
    array([0.], dtype=float32)
    """
    return _activate("tanh", x)


@lru_cache(PROGRAMS)
def _relu_backward_program(count: int, dtype: str) -> native.Program:
    steps = Steps(dtype)
    size = count * steps.item_bytes
    steps.add(
        "relu_backward",
        {"count": count},
        steps.external(size),
        steps.external(size),
        steps.external(size, written=True),
        work=count,
    )
    return steps.build()


def relu_backward(dy: npt.ArrayLike, y: npt.ArrayLike) -> Array:
    """The gradient of `relu` from the gradient `dy` of its result and the result `y`, of one shape.

    >>> import numpy as np, convcore
    >>> convcore.ops.relu_backward(np.ones(2, np.float32), np.array([0, 3], np.float32))
    array([0., 1.], dtype=float32)
    """
    dtype, (grad, values) = as_reals(dy=dy, y=y)
    check_shape("y", values, grad.shape, "that of dy")
    dx = new_result(grad.shape, dtype)
    if grad.size:
        run(_relu_backward_program(grad.size, dtype), grad, values, dx)
    return dx


def _rows(name: str, array: Array) -> tuple[int, int]:
    if array.ndim < 1 or array.shape[-1] < 1:
        raise ShapeError(
            f"{name}: the last axis holds the classes and must be at least 1 long, got shape {array.shape}."
        )
    return array.size // array.shape[-1], array.shape[-1]


@lru_cache(PROGRAMS)
def _softmax_program(n: int, classes: int, dtype: str, backward: bool) -> native.Program:
    steps = Steps(dtype)
    size = n * classes * steps.item_bytes
    if backward:
        pointwise.softmax_backward(
            steps, n, classes, steps.external(size), steps.external(size), steps.external(size, written=True)
        )
    else:
        pointwise.softmax(steps, n, classes, steps.external(size), steps.external(size, written=True))
    return steps.build()


def softmax(x: npt.ArrayLike) -> Array:
    """exp(x) over its sum along the last axis, safe for any finite x.

    >>> import numpy as np, convcore
    >>> convcore.ops.softmax(np.zeros((1, 2), np.float32))
    array([[0.5, 0.5]], dtype=float32)
    """
    dtype, (values,) = as_reals(x=x)
    n, classes = _rows("x", values)
    y = new_result(values.shape, dtype)
    if n:
        run(_softmax_program(n, classes, dtype, False), values, y)
    return y


def softmax_backward(dy: npt.ArrayLike, y: npt.ArrayLike) -> Array:
    """The gradient of `softmax` from the gradient `dy` of its result and the result `y`, of one shape.

    >>> import numpy as np, convcore
    >>> convcore.ops.softmax_backward(np.array([1, 0], np.float32), np.array([0.5, 0.5], np.float32))
    array([ 0.25, -0.25], dtype=float32)
    """
    dtype, (grad, values) = as_reals(dy=dy, y=y)
    check_shape("y", values, grad.shape, "that of dy")
    n, classes = _rows("y", values)
    dx = new_result(grad.shape, dtype)
    if n:
        run(_softmax_program(n, classes, dtype, True), grad, values, dx)
    return dx
