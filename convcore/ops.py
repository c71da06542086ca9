"""Stateless operations on NumPy arrays: convolution, pooling, dense layers, activations, losses, optimizer steps.

Activations are NHWC, weights HWIO, as in Keras. Arrays of float32 are computed in float32 and arrays of float64 in float64;
float16 and integers of up to 16 bits become float32, which holds them exactly; anything that would be degraded silently is
refused with a `DTypeError`. Results have the same bits for any number of threads and however a batch is split.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore import _native
from convcore.arrays import as_array, as_indices, as_reals
from convcore.errors import DTypeError, LabelError, ParameterError, ShapeError
from convcore.plans import conv, dense as dense_plans, pointwise, pool
from convcore.plans.steps import Steps
from convcore.runtime import require_memory
from convcore.shapes import Geometry, conv2d_geometry, pool2d_geometry, shape_argument

__all__ = [
    "adam_step",
    "conv2d",
    "conv2d_backward_data",
    "conv2d_backward_weights",
    "dense",
    "dense_backward_data",
    "dense_backward_weights",
    "max_pool2d",
    "max_pool2d_backward",
    "relu",
    "relu_backward",
    "rmsprop_step",
    "sgd_step",
    "sigmoid",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "tanh",
]

Array = npt.NDArray[Any]
Shape = tuple[int, ...]

# Programs of the problems met last; each is about a kilobyte.
PROGRAMS = 256


def _result(shape: Shape, dtype: Any) -> Array:
    size = int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize
    require_memory(size, f"a result of shape {shape}")
    return np.empty(shape, dtype=dtype)


def _run(program: _native.Program, *externals: Array) -> None:
    require_memory(program.arena_bytes, "the workspace")
    program.run(externals)


def _wants_relu(activation: Any) -> bool:
    if activation is None or (isinstance(activation, str) and activation.lower() in {"linear", "relu"}):
        return isinstance(activation, str) and activation.lower() == "relu"
    raise ParameterError(f"activation: expected None, 'linear' or 'relu', got {activation!r}.")


def _check_shape(name: str, array: Array, expected: Shape, why: str) -> None:
    if array.shape != expected:
        raise ShapeError(f"{name}: expected shape {expected} ({why}), got {array.shape}.")


# ---------------------------------------------------------------------------------------------------- convolution


@lru_cache(PROGRAMS)
def _conv2d_program(g: Geometry, dtype: str, has_bias: bool, relu: bool) -> _native.Program:
    steps = Steps(dtype)
    x, w = (steps.external(int(np.prod(shape)) * steps.item_bytes) for shape in (g.x_shape, g.w_shape))
    bias = steps.external(g.oc * steps.item_bytes) if has_bias else None
    y = steps.external(int(np.prod(g.y_shape)) * steps.item_bytes, written=True)
    conv.forward(steps, g, x, w, bias, y, relu=relu)
    return steps.build()


def conv2d(
    x: npt.ArrayLike,
    w: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    activation: str | None = None,
) -> Array:
    """Correlate images with kernels, as convolution layers do.

    Parameters: `x` (n, height, width, channels); `w` (kernel height, kernel width, channels, filters); `bias` (filters,);
    `stride` and `dilation`, in pixels, an int or one per axis; `padding` "valid", "same" (Keras's rule: ceil(size / stride)
    outputs, the odd pixel below and to the right), an int, (height, width) or ((top, bottom), (left, right)), always with
    zeros; `activation` None or "relu".

    Returns an array (n, output height, output width, filters). Raises `ShapeError`, `ParameterError` or `DTypeError`.

    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), equation 9.6.

    >>> import numpy as np, convcore
    >>> image = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    >>> convcore.ops.conv2d(image, np.ones((2, 2, 1, 1), np.float32))[0, :, :, 0]
    array([[ 8., 12.],
           [20., 24.]], dtype=float32)
    """
    operands = {"x": x, "w": w} if bias is None else {"x": x, "w": w, "bias": bias}
    dtype, arrays = as_reals(**operands)
    g = conv2d_geometry(arrays[0].shape, arrays[1].shape, stride=stride, padding=padding, dilation=dilation)
    if bias is not None:
        _check_shape("bias", arrays[2], (g.oc,), "one number per filter of w")
    relu = _wants_relu(activation)
    y = _result(g.y_shape, dtype)
    if g.n:
        _run(_conv2d_program(g, dtype, bias is not None, relu), *arrays, y)
    return y


@lru_cache(PROGRAMS)
def _conv2d_backward_data_program(g: Geometry, dtype: str) -> _native.Program:
    steps = Steps(dtype)
    dy, w = (steps.external(int(np.prod(shape)) * steps.item_bytes) for shape in (g.y_shape, g.w_shape))
    dx = steps.external(int(np.prod(g.x_shape)) * steps.item_bytes, written=True)
    conv.backward_data(steps, g, dy, w, dx)
    return steps.build()


def conv2d_backward_data(
    dy: npt.ArrayLike, w: npt.ArrayLike, input_shape: Shape, *, stride: Any = 1, padding: Any = "valid", dilation: Any = 1
) -> Array:
    """The gradient of `conv2d` with respect to its input (a transposed convolution).

    Parameters: `dy` (n, output height, output width, filters), the gradient of the output; `w` as in `conv2d`; `input_shape`
    the shape of x; the rest as `conv2d` had it. Returns dx of `input_shape`.

    >>> import numpy as np, convcore
    >>> dy = np.ones((1, 2, 2, 1), np.float32)
    >>> convcore.ops.conv2d_backward_data(dy, np.ones((2, 2, 1, 1), np.float32), (1, 3, 3, 1))[0, :, :, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]], dtype=float32)
    """
    dtype, (grad, weights) = as_reals(dy=dy, w=w)
    x_shape = shape_argument("input_shape", input_shape, 4)
    g = conv2d_geometry(x_shape, weights.shape, stride=stride, padding=padding, dilation=dilation)
    _check_shape("dy", grad, g.y_shape, "what conv2d returns for this input_shape and w")
    dx = _result(g.x_shape, dtype)
    if g.n:
        _run(_conv2d_backward_data_program(g, dtype), grad, weights, dx)
    return dx


@lru_cache(PROGRAMS)
def _conv2d_backward_weights_program(g: Geometry, dtype: str) -> _native.Program:
    steps = Steps(dtype)
    x, dy = (steps.external(int(np.prod(shape)) * steps.item_bytes) for shape in (g.x_shape, g.y_shape))
    dw = steps.external(int(np.prod(g.w_shape)) * steps.item_bytes, written=True)
    db = steps.external(g.oc * steps.item_bytes, written=True)
    conv.backward_weights(steps, g, x, dy, dw, db)
    return steps.build()


def conv2d_backward_weights(
    x: npt.ArrayLike, dy: npt.ArrayLike, kernel_shape: Shape, *, stride: Any = 1, padding: Any = "valid", dilation: Any = 1
) -> tuple[Array, Array]:
    """The gradients of `conv2d` with respect to its weights and its bias.

    Parameters: `x` (n, height, width, channels); `dy` (n, output height, output width, filters); `kernel_shape` the shape of w;
    the rest as `conv2d` had it. Returns (dw, db) of shapes `kernel_shape` and (filters,).

    Sums over the batch run in fixed chunks and a fixed tree, so their error does not grow with the batch.

    >>> import numpy as np, convcore
    >>> x, dy = np.ones((2, 3, 3, 1), np.float32), np.ones((2, 2, 2, 1), np.float32)
    >>> dw, db = convcore.ops.conv2d_backward_weights(x, dy, (2, 2, 1, 1))
    >>> dw[:, :, 0, 0].tolist(), db.tolist()
    ([[8.0, 8.0], [8.0, 8.0]], [8.0])
    """
    dtype, (images, grad) = as_reals(x=x, dy=dy)
    w_shape = shape_argument("kernel_shape", kernel_shape, 4)
    g = conv2d_geometry(images.shape, w_shape, stride=stride, padding=padding, dilation=dilation)
    _check_shape("dy", grad, g.y_shape, "what conv2d returns for this x and kernel_shape")
    if g.n == 0:
        return np.zeros(g.w_shape, dtype), np.zeros(g.oc, dtype)
    dw, db = _result(g.w_shape, dtype), _result((g.oc,), dtype)
    _run(_conv2d_backward_weights_program(g, dtype), images, grad, dw, db)
    return dw, db


# -------------------------------------------------------------------------------------------------------- pooling


@lru_cache(PROGRAMS)
def _max_pool2d_program(g: Geometry, dtype: str, with_indices: bool) -> _native.Program:
    steps = Steps(dtype)
    x = steps.external(int(np.prod(g.x_shape)) * steps.item_bytes)
    outputs = int(np.prod(g.y_shape))
    y = steps.external(outputs * steps.item_bytes, written=True)
    pool.max_pool2d(steps, g, x, y, steps.external(outputs * 4, written=True) if with_indices else None)
    return steps.build()


def max_pool2d(
    x: npt.ArrayLike, pool_size: Any = 2, *, stride: Any = None, padding: Any = "valid", return_indices: bool = False
) -> Array | tuple[Array, npt.NDArray[np.int64]]:
    """The maximum of each window.

    Parameters: `x` (n, height, width, channels); `pool_size` and `stride` (default: `pool_size`), in pixels, an int or one per
    axis; `padding` as in `conv2d`, at most half a window, and it counts as -inf.

    Returns y (n, output height, output width, channels), with `return_indices` also where each maximum lies: int64, flat in the
    plane of its image and channel (row * width + column). The first of equal maxima wins; a NaN wins over every number, and the
    first NaN over later ones (PyTorch takes the last).

    >>> import numpy as np, convcore
    >>> x = np.array([[1, 5], [7, 2]], np.float32).reshape(1, 2, 2, 1)
    >>> y, indices = convcore.ops.max_pool2d(x, 2, return_indices=True)
    >>> y.item(), indices.item()
    (7.0, 2)
    """
    dtype, (images,) = as_reals(x=x)
    g = pool2d_geometry(images.shape, pool_size=pool_size, stride=stride, padding=padding)
    if not isinstance(return_indices, (bool, np.bool_)):
        raise ParameterError(f"return_indices: expected True or False, got {return_indices!r}.")
    y = _result(g.y_shape, dtype)
    outputs = [y, _result(g.y_shape, np.int32)] if return_indices else [y]
    if g.n:
        _run(_max_pool2d_program(g, dtype, bool(return_indices)), images, *outputs)
    return (y, outputs[1].astype(np.int64)) if return_indices else y


@lru_cache(PROGRAMS)
def _max_pool2d_backward_program(g: Geometry, dtype: str) -> _native.Program:
    steps = Steps(dtype)
    outputs = int(np.prod(g.y_shape))
    dy, indices = steps.external(outputs * steps.item_bytes), steps.external(outputs * 4)
    pool.max_pool2d_backward(steps, g, dy, indices, steps.external(int(np.prod(g.x_shape)) * steps.item_bytes, written=True))
    return steps.build()


def max_pool2d_backward(
    dy: npt.ArrayLike,
    indices: npt.ArrayLike,
    input_shape: Shape,
    *,
    pool_size: Any = 2,
    stride: Any = None,
    padding: Any = "valid",
) -> Array:
    """The gradient of `max_pool2d`: each element of `dy` is added to the pixel whose maximum it is of.

    Parameters: `dy` and `indices` (n, output height, output width, channels), indices as `max_pool2d` returns them; `input_shape`
    the shape of x; the rest as `max_pool2d` had it. Returns dx of `input_shape`. An index outside the plane raises `ShapeError`.

    >>> import numpy as np, convcore
    >>> dy, indices = np.full((1, 1, 1, 1), 3, np.float32), np.full((1, 1, 1, 1), 2)
    >>> convcore.ops.max_pool2d_backward(dy, indices, (1, 2, 2, 1))[0, :, :, 0].tolist()
    [[0.0, 0.0], [3.0, 0.0]]
    """
    dtype, (grad,) = as_reals(dy=dy)
    places = as_indices("indices", indices)
    g = pool2d_geometry(shape_argument("input_shape", input_shape, 4), pool_size=pool_size, stride=stride, padding=padding)
    _check_shape("dy", grad, g.y_shape, "what max_pool2d returns for this input_shape")
    _check_shape("indices", places, g.y_shape, "that of dy")
    outside = (places < 0) | (places >= g.ih * g.iw)
    if outside.any():
        at = tuple(int(i) for i in np.argwhere(outside)[0])
        raise ShapeError(f"indices{list(at)} is {places[at]}: outside the plane of {g.ih}x{g.iw} pixels, 0 to {g.ih * g.iw - 1}.")
    dx = _result(g.x_shape, dtype)
    if g.n:
        _run(_max_pool2d_backward_program(g, dtype), grad, places.astype(np.int32), dx)
    return dx


# ---------------------------------------------------------------------------------------------------------- dense


def _matrix(name: str, array: Array) -> tuple[int, int]:
    if array.ndim != 2 or array.shape[1] < 1:
        raise ShapeError(f"{name}: expected two dimensions, the second at least 1, got shape {array.shape}.")
    return array.shape[0], array.shape[1]


def _check_weights(ic: int, w: Array) -> int:
    rows, oc = _matrix("w", w)
    if rows != ic:
        raise ShapeError(f"x has {ic} columns but w (shape {w.shape}) takes {rows}.")
    return oc


@lru_cache(PROGRAMS)
def _dense_program(direction: str, n: int, ic: int, oc: int, dtype: str, has_bias: bool, relu: bool) -> _native.Program:
    steps = Steps(dtype)
    item = steps.item_bytes
    if direction == "forward":
        x, w = steps.external(n * ic * item), steps.external(ic * oc * item)
        bias = steps.external(oc * item) if has_bias else None
        dense_plans.forward(steps, n, ic, oc, x, w, bias, steps.external(n * oc * item, written=True), relu=relu)
    elif direction == "backward_data":
        dy, w = steps.external(n * oc * item), steps.external(ic * oc * item)
        dense_plans.backward_data(steps, n, ic, oc, dy, w, steps.external(n * ic * item, written=True))
    else:
        x, dy = steps.external(n * ic * item), steps.external(n * oc * item)
        dense_plans.backward_weights(steps, n, ic, oc, x, dy, steps.external(ic * oc * item, written=True))
        dense_plans.backward_bias(steps, n, oc, dy, steps.external(oc * item, written=True))
    return steps.build()


def dense(x: npt.ArrayLike, w: npt.ArrayLike, bias: npt.ArrayLike | None = None, *, activation: str | None = None) -> Array:
    """x times w, plus bias.

    Parameters: `x` (n, inputs); `w` (inputs, units); `bias` (units,); `activation` None or "relu". Returns (n, units).

    >>> import numpy as np, convcore
    >>> convcore.ops.dense(np.ones((1, 3), np.float32), np.ones((3, 2), np.float32))
    array([[3., 3.]], dtype=float32)
    """
    operands = {"x": x, "w": w} if bias is None else {"x": x, "w": w, "bias": bias}
    dtype, arrays = as_reals(**operands)
    n, ic = _matrix("x", arrays[0])
    oc = _check_weights(ic, arrays[1])
    if bias is not None:
        _check_shape("bias", arrays[2], (oc,), "one number per column of w")
    relu = _wants_relu(activation)
    y = _result((n, oc), dtype)
    if n:
        _run(_dense_program("forward", n, ic, oc, dtype, bias is not None, relu), *arrays, y)
    return y


def dense_backward_data(dy: npt.ArrayLike, w: npt.ArrayLike) -> Array:
    """The gradient of `dense` with respect to x: `dy` (n, units) times `w` (inputs, units) transposed.

    >>> import numpy as np, convcore
    >>> convcore.ops.dense_backward_data(np.ones((1, 2), np.float32), np.ones((3, 2), np.float32))
    array([[2., 2., 2.]], dtype=float32)
    """
    dtype, (grad, weights) = as_reals(dy=dy, w=w)
    n, oc = _matrix("dy", grad)
    ic, columns = _matrix("w", weights)
    if columns != oc or ic < 1:
        raise ShapeError(f"w: expected shape (inputs, {oc}), its columns those of dy, got {weights.shape}.")
    dx = _result((n, ic), dtype)
    if n:
        _run(_dense_program("backward_data", n, ic, oc, dtype, False, False), grad, weights, dx)
    return dx


def dense_backward_weights(x: npt.ArrayLike, dy: npt.ArrayLike) -> tuple[Array, Array]:
    """The gradients of `dense` with respect to w and bias, from `x` (n, inputs) and `dy` (n, units).

    >>> import numpy as np, convcore
    >>> dw, db = convcore.ops.dense_backward_weights(np.ones((4, 2), np.float32), np.ones((4, 1), np.float32))
    >>> dw.tolist(), db.tolist()
    ([[4.0], [4.0]], [4.0])
    """
    dtype, (inputs, grad) = as_reals(x=x, dy=dy)
    n, ic = _matrix("x", inputs)
    rows, oc = _matrix("dy", grad)
    if rows != n:
        raise ShapeError(f"x has {n} rows but dy has {rows}.")
    if n == 0:
        return np.zeros((ic, oc), dtype), np.zeros(oc, dtype)
    dw, db = _result((ic, oc), dtype), _result((oc,), dtype)
    _run(_dense_program("backward_weights", n, ic, oc, dtype, False, False), inputs, grad, dw, db)
    return dw, db


# ---------------------------------------------------------------------------------------------------- activations


@lru_cache(PROGRAMS)
def _activation_program(name: str, count: int, dtype: str) -> _native.Program:
    steps = Steps(dtype)
    size = count * steps.item_bytes
    x, y = steps.external(size), steps.external(size, written=True)
    pointwise.activation(steps, name, count, x, y, pointwise.relu_fields())
    return steps.build()


def _activate(name: str, x: npt.ArrayLike) -> Array:
    dtype, (values,) = as_reals(x=x)
    y = _result(values.shape, dtype)
    if values.size:
        _run(_activation_program(name, values.size, dtype), values, y)
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
def _relu_backward_program(count: int, dtype: str) -> _native.Program:
    steps = Steps(dtype)
    size = count * steps.item_bytes
    steps.add("relu_backward", {"count": count}, steps.external(size), steps.external(size), steps.external(size, written=True), work=count)
    return steps.build()


def relu_backward(dy: npt.ArrayLike, y: npt.ArrayLike) -> Array:
    """The gradient of `relu` from the gradient `dy` of its result and the result `y`, of one shape.

    >>> import numpy as np, convcore
    >>> convcore.ops.relu_backward(np.ones(2, np.float32), np.array([0, 3], np.float32))
    array([0., 1.], dtype=float32)
    """
    dtype, (grad, values) = as_reals(dy=dy, y=y)
    _check_shape("y", values, grad.shape, "that of dy")
    dx = _result(grad.shape, dtype)
    if grad.size:
        _run(_relu_backward_program(grad.size, dtype), grad, values, dx)
    return dx


def _rows(name: str, array: Array) -> tuple[int, int]:
    if array.ndim < 1 or array.shape[-1] < 1:
        raise ShapeError(f"{name}: the last axis holds the classes and must be at least 1 long, got shape {array.shape}.")
    return array.size // array.shape[-1], array.shape[-1]


@lru_cache(PROGRAMS)
def _softmax_program(n: int, classes: int, dtype: str, backward: bool) -> _native.Program:
    steps = Steps(dtype)
    size = n * classes * steps.item_bytes
    if backward:
        pointwise.softmax_backward(steps, n, classes, steps.external(size), steps.external(size), steps.external(size, written=True))
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
    y = _result(values.shape, dtype)
    if n:
        _run(_softmax_program(n, classes, dtype, False), values, y)
    return y


def softmax_backward(dy: npt.ArrayLike, y: npt.ArrayLike) -> Array:
    """The gradient of `softmax` from the gradient `dy` of its result and the result `y`, of one shape.

    >>> import numpy as np, convcore
    >>> convcore.ops.softmax_backward(np.array([1, 0], np.float32), np.array([0.5, 0.5], np.float32))
    array([ 0.25, -0.25], dtype=float32)
    """
    dtype, (grad, values) = as_reals(dy=dy, y=y)
    _check_shape("y", values, grad.shape, "that of dy")
    n, classes = _rows("y", values)
    dx = _result(grad.shape, dtype)
    if n:
        _run(_softmax_program(n, classes, dtype, True), grad, values, dx)
    return dx


# --------------------------------------------------------------------------------------------------------- losses


@lru_cache(PROGRAMS)
def _cross_entropy_program(n: int, classes: int, dtype: str, sparse: bool) -> _native.Program:
    steps = Steps(dtype)
    item = steps.item_bytes
    logits = steps.external(n * classes * item)
    targets = steps.external(n * (4 if sparse else classes * item))
    gradient, loss = steps.external(n * classes * item, written=True), steps.external(n * item, written=True)
    pointwise.loss(
        steps, "softmax_cross_entropy", n, classes, logits, targets, None, steps.reals(n * classes), gradient, loss,
        sparse=sparse, scale=1.0, smoothing=0.0, from_logits=True,
    )  # fmt: skip
    return steps.build()


def softmax_cross_entropy(logits: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Array, Array]:
    """Softmax and cross-entropy in one: each sample's loss and its gradient with respect to the logits.

    Parameters: `logits` (n, classes); `labels` either class ids, integers (n,), or rows of probabilities (n, classes).
    Returns (loss (n,), dlogits (n, classes)); a mean loss has the gradient ``dlogits / n``. Raises `LabelError` naming the first
    id outside [0, classes).

    >>> import numpy as np, convcore
    >>> loss, gradient = convcore.ops.softmax_cross_entropy(np.zeros((1, 2), np.float32), [1])
    >>> loss, gradient
    (array([0.6931472], dtype=float32), array([[ 0.5, -0.5]], dtype=float32))
    """
    dtype, (values,) = as_reals(logits=logits)
    n, classes = _matrix("logits", values)
    targets = as_array("labels", labels)
    if targets.ndim == 1:
        _check_shape("labels", targets, (n,), "one class id per row of logits")
        ids = as_indices("labels", targets if targets.size else targets.astype(np.int64))
        outside = (ids < 0) | (ids >= classes)
        if outside.any():
            at = int(np.argmax(outside))
            raise LabelError(f"labels[{at}] is {ids[at]}: outside the classes 0 to {classes - 1}.")
        targets = ids.astype(np.int32)
    else:
        _check_shape("labels", targets, (n, classes), "class ids (n,) or one row of probabilities per row of logits")
        targets = np.require(targets, dtype=dtype, requirements=("C", "A"))
    gradient, loss = _result((n, classes), dtype), _result((n,), dtype)
    if n:
        _run(_cross_entropy_program(n, classes, dtype, targets.ndim == 1), values, targets, gradient, loss)
    return loss, gradient


# ------------------------------------------------------------------------------------------------ optimizer steps


@lru_cache(PROGRAMS)
def _step_program(kernel: str, count: int, dtype: str, hyper: int, slots: tuple[bool, ...]) -> _native.Program:
    steps = Steps(dtype)
    size = count * steps.item_bytes
    numbers, w, g = steps.external(hyper * 8), steps.external(size, written=True), steps.external(size)
    given = [steps.external(size, written=True) if slot else None for slot in slots]
    steps.add(kernel, {"count": count}, numbers, None, w, g, *given, work=count * 8)
    return steps.build()


def _step(kernel: str, hyper: tuple[float, ...], w: Array, g: npt.ArrayLike, **slots: Array | None) -> None:
    flat = {"w": w, **{name: slot for name, slot in slots.items() if slot is not None}}
    for name, array in flat.items():
        if not isinstance(array, np.ndarray) or array.dtype not in (np.float32, np.float64) or not array.dtype.isnative:
            raise DTypeError(f"{name}: expected a float32 or float64 array that can be changed in place, got {type(array).__name__}.")
        if not array.flags.carray:
            raise ShapeError(f"{name}: expected an array that is C-contiguous, aligned and writeable; it is changed in place.")
    dtype, arrays = as_reals(g=g, **flat)
    for name, array in zip(["g", *flat], arrays, strict=True):
        _check_shape(name, array, w.shape, "that of w")
        if name != "w" and np.may_share_memory(array, w):
            raise ParameterError(f"{name} overlaps w; each needs memory of its own.")
    if w.size:
        numbers = np.array(hyper, dtype=np.float64)
        present = tuple(slot is not None for slot in slots.values())
        _run(_step_program(kernel, w.size, dtype, len(hyper), present), numbers, w, *(arrays[:1]), *(flat[name] for name in flat if name != "w"))


def _numbers(**values: Any) -> tuple[float, ...]:
    checked = []
    for name, value in values.items():
        if isinstance(value, (str, bytes)) or not np.isscalar(value) or not np.isfinite(value) or np.real(value) < 0:
            raise ParameterError(f"{name}: expected a finite number of at least 0, got {value!r}.")
        checked.append(float(value))
    return tuple(checked)


def sgd_step(
    w: Array,
    g: npt.ArrayLike,
    velocity: Array | None = None,
    *,
    learning_rate: float = 0.01,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> None:
    """One step of stochastic gradient descent on `w` in place, from its gradient `g`, with Keras's formula.

    ``velocity = momentum * velocity - learning_rate * g``; ``w += velocity`` (`nesterov`: ``w += momentum * velocity -
    learning_rate * g``). `velocity`, of w's shape, is needed with momentum.

    >>> import numpy as np, convcore
    >>> w = np.ones(2, np.float32)
    >>> convcore.ops.sgd_step(w, np.ones(2, np.float32), learning_rate=0.5)
    >>> w
    array([0.5, 0.5], dtype=float32)
    """
    numbers = _numbers(learning_rate=learning_rate, momentum=momentum, nesterov=float(nesterov), weight_decay=weight_decay)
    if numbers[1] and velocity is None:
        raise ParameterError("velocity: momentum needs an array of w's shape that keeps the velocity.")
    _step("sgd_step", numbers, w, g, velocity=velocity)


def adam_step(
    w: Array,
    g: npt.ArrayLike,
    m: Array,
    v: Array,
    *,
    iteration: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: float = 0.0,
) -> None:
    """One step of Adam on `w` in place, from its gradient `g`, with Keras's formula; `iteration` counts from 1.

    ``alpha = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)``; ``m += (g - m)(1 - beta_1)``; ``v += (g**2 - v)(1 - beta_2)``;
    ``w -= alpha * m / (sqrt(v) + epsilon)``, after ``w -= learning_rate * weight_decay * w`` (AdamW).

    Source: Kingma and Ba, Adam (2015), section 2; Loshchilov and Hutter, Decoupled weight decay (2019).

    >>> import numpy as np, convcore
    >>> w, m, v = np.ones(1, np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32)
    >>> convcore.ops.adam_step(w, np.ones(1, np.float32), m, v, iteration=1, learning_rate=0.5)
    >>> round(float(w[0]), 4)
    0.5
    """
    if isinstance(iteration, bool) or not isinstance(iteration, (int, np.integer)) or iteration < 1:
        raise ParameterError(f"iteration: expected an integer of at least 1, got {iteration!r}.")
    rate, b1, b2, e, decay = _numbers(
        learning_rate=learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, weight_decay=weight_decay
    )
    if b1 >= 1 or b2 >= 1:
        raise ParameterError(f"beta_1 and beta_2: expected numbers in [0, 1), got {beta_1!r} and {beta_2!r}.")
    alpha = rate * (1 - b2**iteration) ** 0.5 / (1 - b1**iteration)
    _step("adam_step", (alpha, b1, b2, e, rate * decay), w, g, m=m, v=v)


def rmsprop_step(
    w: Array,
    g: npt.ArrayLike,
    v: Array,
    *,
    mean: Array | None = None,
    velocity: Array | None = None,
    learning_rate: float = 0.001,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    weight_decay: float = 0.0,
) -> None:
    """One step of RMSprop on `w` in place, from its gradient `g`, with Keras's formula; `mean` makes it centered.

    ``v = rho * v + (1 - rho) * g**2``; ``w -= learning_rate * g / sqrt(v + epsilon)``; `velocity` is needed with momentum.

    >>> import numpy as np, convcore
    >>> w, v = np.ones(1, np.float32), np.zeros(1, np.float32)
    >>> convcore.ops.rmsprop_step(w, np.ones(1, np.float32), v, rho=0.75, learning_rate=0.25)
    >>> round(float(w[0]), 4)
    0.5
    """
    rate, keep, push, e, decay = _numbers(
        learning_rate=learning_rate, rho=rho, momentum=momentum, epsilon=epsilon, weight_decay=weight_decay
    )
    if push and velocity is None:
        raise ParameterError("velocity: momentum needs an array of w's shape that keeps the velocity.")
    hyper = (rate, keep, e, push, float(mean is not None), decay)
    _step("rmsprop_step", hyper, w, g, v=v, mean=mean, velocity=velocity)
