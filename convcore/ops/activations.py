"""Activations and gradients of theirs."""

from __future__ import annotations

import math
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_reals, in_given_dtype
from convcore.checks import find, remembered, shown
from convcore.engine import native
from convcore.errors import ParameterError, ShapeError
from convcore.ops.replaying import replayed
from convcore.ops.running import PROGRAMS, Array, Shape, check_shape, in_same_dtype_as_input, new_result, run
from convcore.plans import activations as plan
from convcore.plans.steps import Steps
from convcore.shapes import integer

__all__ = [
    "activation",
    "activation_backward",
    "log_softmax",
    "log_softmax_backward",
    "relu",
    "relu_backward",
    "sigmoid",
    "softmax",
    "softmax_backward",
    "tanh",
]

Settings = tuple[tuple[str, Any], ...]


@lru_cache(PROGRAMS)
def _activation_program(name: str, settings: Settings, count: int, dtype: str) -> native.Program:
    steps = Steps(dtype)
    size = count * steps.item_bytes
    x = steps.external(size)
    plan.activation(steps, name, dict(settings), count, x, steps.external(size, written=True))
    return steps.build()


@lru_cache(PROGRAMS)
def _activation_backward_program(
    name: str, settings: Settings, count: int, dtype: str, has_result: bool
) -> native.Program:
    steps = Steps(dtype)
    size = count * steps.item_bytes
    dy, x = steps.external(size), steps.external(size)
    y = steps.external(size) if has_result else None
    plan.activation_backward(steps, name, dict(settings), count, dy, x, y, steps.external(size, written=True))
    return steps.build()


def _checked(name: Any, settings: dict[str, Any]) -> tuple[str, Settings]:
    return (_known(name), ()) if not settings else _with_settings(name, settings)


@remembered
def _known(name: Any) -> str:
    """The activation called `name`, which needs no arguments."""
    return _with_settings(name, {})[0]


def _with_settings(name: Any, settings: dict[str, Any]) -> tuple[str, Settings]:
    table = {each: each for each in plan.ELEMENTWISE} | {"swish": "silu", "hard_swish": "hard_silu"}
    known = find("activations", "activation", name, table)
    numbers = {argument: _number(argument, value) for argument, value in settings.items()}
    try:
        plan.scalars(known, numbers)
    except TypeError as error:
        reason = str(error).replace("<lambda>()", "it")
        raise ParameterError(f"the activation {known} does not take these arguments: {reason}.") from None
    except ZeroDivisionError:
        raise ParameterError(f"alpha: the activation {known} divides by it, got {settings['alpha']}.") from None
    return known, tuple(sorted(numbers.items()))


def _number(argument: str, value: Any) -> float | None:
    """`value` of an activation's argument as a number; only a bound may be missing."""
    if value is None and argument == "max_value":
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, float, np.integer, np.floating)):
        with suppress(OverflowError):
            return float(value)
    raise ParameterError(f"{argument}: expected a number, got {shown(value)}.")


@replayed
def activation(x: npt.ArrayLike, name: str, **arguments: float | None) -> Array:
    """The activation function called `name`, one of Keras's that work element by element, of x, any shape.

    `arguments` are those of Keras's function: ``negative_slope`` of "leaky_relu", say. Softmax is `softmax`.

    >>> import numpy as np, convcore
    >>> convcore.ops.activation(np.array([-1, 2], np.float32), "leaky_relu", negative_slope=0.5)
    array([-0.5,  2. ], dtype=float32)
    """
    known, settings = _checked(name, arguments)
    dtype, (values,) = as_reals(x=x)
    y = new_result(values.shape, dtype)
    if values.size:
        run(_activation_program(known, settings, values.size, dtype), values, y)
    return in_given_dtype(y, x)


@replayed
def activation_backward(
    dy: npt.ArrayLike, x: npt.ArrayLike, name: str, *, y: npt.ArrayLike | None = None, **arguments: float | None
) -> Array:
    """The gradient of `activation` from the gradient `dy` of its result and its argument `x`, of one shape.

    The result `y`, if it is at hand, spares sigmoid, tanh and exponential a second exponential.

    >>> import numpy as np, convcore
    >>> convcore.ops.activation_backward(np.ones(2, np.float32), np.array([-1, 2], np.float32), "relu6")
    array([0., 1.], dtype=float32)
    """
    known, settings = _checked(name, arguments)
    given = {"dy": dy, "x": x} if y is None else {"dy": dy, "x": x, "y": y}
    dtype, (grad, *values) = as_reals(**given)
    for argument, array in zip(("x", "y"), values, strict=False):
        check_shape(argument, array, grad.shape, "that of dy")
    dx = new_result(grad.shape, dtype)
    if grad.size:
        run(_activation_backward_program(known, settings, grad.size, dtype, y is not None), grad, *values, dx)
    return in_given_dtype(dx, dy, x)


@replayed
@in_same_dtype_as_input
def relu(x: npt.ArrayLike) -> Array:
    """max(0, x), any shape and in the dtype of x; NaN stays NaN and -0.0 becomes 0.0.

    >>> import numpy as np, convcore
    >>> convcore.ops.relu(np.array([-1, 2], np.float32))
    array([0., 2.], dtype=float32)
    """
    return activation(x, "relu")


@replayed
def sigmoid(x: npt.ArrayLike) -> Array:
    """1 / (1 + exp(-x)), any shape.

    >>> import numpy as np, convcore
    >>> convcore.ops.sigmoid(np.zeros(1, np.float32))
    array([0.5], dtype=float32)
    """
    return activation(x, "sigmoid")


@replayed
def tanh(x: npt.ArrayLike) -> Array:
    """The hyperbolic tangent, any shape.

    >>> import numpy as np, convcore
    >>> convcore.ops.tanh(np.zeros(1, np.float32))
    array([0.], dtype=float32)
    """
    return activation(x, "tanh")


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


@replayed
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
    return in_given_dtype(dx, dy, y)


def _sizes(name: str, shape: Shape, axis: Any) -> tuple[int, int, int]:
    """(rows, classes, inner) of an array of `shape` whose `axis` holds the classes."""
    if not shape:
        raise ShapeError(f"{name}: an axis of classes is needed, got shape {shape}.")
    at = integer("axis", axis, -len(shape), len(shape) - 1) % len(shape)
    if shape[at] < 1:
        raise ShapeError(f"{name}: the axis {axis} of classes must be at least 1 long, got shape {shape}.")
    return math.prod(shape[:at]), shape[at], math.prod(shape[at + 1 :])


@lru_cache(PROGRAMS)
def _softmax_program(name: str, sizes: tuple[int, int, int], dtype: str, backward: bool) -> native.Program:
    steps = Steps(dtype)
    size = math.prod(sizes) * steps.item_bytes
    if backward:
        dy, y = steps.external(size), steps.external(size)
        plan.softmax_backward(steps, name, *sizes, dy, y, steps.external(size, written=True))
    else:
        plan.softmax(steps, name, *sizes, steps.external(size), steps.external(size, written=True))
    return steps.build()


def _forward(name: str, x: npt.ArrayLike, axis: Any) -> Array:
    dtype, (values,) = as_reals(x=x)
    sizes = _sizes("x", values.shape, axis)
    y = new_result(values.shape, dtype)
    if values.size:
        run(_softmax_program(name, sizes, dtype, False), values, y)
    return in_given_dtype(y, x)


def _backward(name: str, dy: npt.ArrayLike, y: npt.ArrayLike, axis: Any) -> Array:
    dtype, (grad, values) = as_reals(dy=dy, y=y)
    check_shape("y", values, grad.shape, "that of dy")
    sizes = _sizes("y", values.shape, axis)
    dx = new_result(grad.shape, dtype)
    if grad.size:
        run(_softmax_program(name, sizes, dtype, True), grad, values, dx)
    return in_given_dtype(dx, dy, y)


@replayed
def softmax(x: npt.ArrayLike, axis: int = -1) -> Array:
    """exp(x) over its sum along `axis`, safe for any finite x.

    >>> import numpy as np, convcore
    >>> convcore.ops.softmax(np.zeros((1, 2), np.float32))
    array([[0.5, 0.5]], dtype=float32)
    """
    return _forward("softmax", x, axis)


@replayed
def softmax_backward(dy: npt.ArrayLike, y: npt.ArrayLike, axis: int = -1) -> Array:
    """The gradient of `softmax` from the gradient `dy` of its result and the result `y`, of one shape.

    >>> import numpy as np, convcore
    >>> convcore.ops.softmax_backward(np.array([1, 0], np.float32), np.array([0.5, 0.5], np.float32))
    array([ 0.25, -0.25], dtype=float32)
    """
    return _backward("softmax", dy, y, axis)


@replayed
def log_softmax(x: npt.ArrayLike, axis: int = -1) -> Array:
    """The logarithm of `softmax`, without its rounding.

    >>> import numpy as np, convcore
    >>> convcore.ops.log_softmax(np.array([0, -200], np.float32))
    array([   0., -200.], dtype=float32)
    """
    return _forward("log_softmax", x, axis)


@replayed
def log_softmax_backward(dy: npt.ArrayLike, y: npt.ArrayLike, axis: int = -1) -> Array:
    """The gradient of `log_softmax` from the gradient `dy` of its result and the result `y`, of one shape.

    >>> import numpy as np, convcore
    >>> convcore.ops.log_softmax_backward(np.array([1, 0], np.float32), np.log(np.array([0.5, 0.5], np.float32)))
    array([ 0.5, -0.5], dtype=float32)
    """
    return _backward("log_softmax", dy, y, axis)
