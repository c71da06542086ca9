"""Convolution and its two gradients."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_reals
from convcore.engine import native
from convcore.ops.running import PROGRAMS, Array, Shape, check_shape, new_result, run, wants_relu
from convcore.plans import conv
from convcore.plans.steps import Steps
from convcore.shapes import Geometry, conv2d_geometry, shape_argument

__all__ = ["conv2d", "conv2d_backward_data", "conv2d_backward_weights"]


@lru_cache(PROGRAMS)
def _conv2d_program(g: Geometry, dtype: str, has_bias: bool, relu: bool) -> native.Program:
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
    groups: int = 1,
    activation: str | None = None,
) -> Array:
    """Correlate images with kernels, as convolution layers do.

    Parameters: `x` (n, height, width, channels); `w` (kernel height, kernel width, channels // groups, filters);
    `bias` (filters,); `stride` and `dilation`, in pixels, an int or one per axis; `padding` "valid", "same" (Keras's
    rule: ceil(size / stride) outputs, the odd pixel below and to the right), an int, (height, width) or ((top, bottom),
    (left, right)), always with zeros; `groups`, into which channels and filters are split, each filter seeing the
    channels of its group alone; `activation` None or "relu".

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
    words = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    g = conv2d_geometry(arrays[0].shape, arrays[1].shape, **words)
    if bias is not None:
        check_shape("bias", arrays[2], (g.oc,), "one number per filter of w")
    relu = wants_relu(activation)
    y = new_result(g.y_shape, dtype)
    if g.n:
        run(_conv2d_program(g, dtype, bias is not None, relu), *arrays, y)
    return y


@lru_cache(PROGRAMS)
def _conv2d_backward_data_program(g: Geometry, dtype: str) -> native.Program:
    steps = Steps(dtype)
    dy, w = (steps.external(int(np.prod(shape)) * steps.item_bytes) for shape in (g.y_shape, g.w_shape))
    dx = steps.external(int(np.prod(g.x_shape)) * steps.item_bytes, written=True)
    conv.backward_data(steps, g, dy, w, dx)
    return steps.build()


def conv2d_backward_data(
    dy: npt.ArrayLike,
    w: npt.ArrayLike,
    input_shape: Shape,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
) -> Array:
    """The gradient of `conv2d` with respect to its input (a transposed convolution).

    Parameters: `dy` (n, output height, output width, filters), the gradient of the output; `w` as in `conv2d`;
    `input_shape` the shape of x; the rest as `conv2d` had it. Returns dx of `input_shape`.

    >>> import numpy as np, convcore
    >>> dy = np.ones((1, 2, 2, 1), np.float32)
    >>> convcore.ops.conv2d_backward_data(dy, np.ones((2, 2, 1, 1), np.float32), (1, 3, 3, 1))[0, :, :, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]], dtype=float32)
    """
    dtype, (grad, weights) = as_reals(dy=dy, w=w)
    x_shape = shape_argument("input_shape", input_shape, 4)
    g = conv2d_geometry(x_shape, weights.shape, stride=stride, padding=padding, dilation=dilation, groups=groups)
    check_shape("dy", grad, g.y_shape, "what conv2d returns for this input_shape and w")
    dx = new_result(g.x_shape, dtype)
    if g.n:
        run(_conv2d_backward_data_program(g, dtype), grad, weights, dx)
    return dx


@lru_cache(PROGRAMS)
def _conv2d_backward_weights_program(g: Geometry, dtype: str) -> native.Program:
    steps = Steps(dtype)
    x, dy = (steps.external(int(np.prod(shape)) * steps.item_bytes) for shape in (g.x_shape, g.y_shape))
    dw = steps.external(int(np.prod(g.w_shape)) * steps.item_bytes, written=True)
    db = steps.external(g.oc * steps.item_bytes, written=True)
    conv.backward_weights(steps, g, x, dy, dw, db)
    return steps.build()


def conv2d_backward_weights(
    x: npt.ArrayLike,
    dy: npt.ArrayLike,
    kernel_shape: Shape,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
) -> tuple[Array, Array]:
    """The gradients of `conv2d` with respect to its weights and its bias.

    Parameters: `x` (n, height, width, channels); `dy` (n, output height, output width, filters); `kernel_shape` the
    shape of w; the rest as `conv2d` had it. Returns (dw, db) of shapes `kernel_shape` and (filters,).

    Sums over the batch run in fixed chunks and a fixed tree, so their error does not grow with the batch.

    >>> import numpy as np, convcore
    >>> x, dy = np.ones((2, 3, 3, 1), np.float32), np.ones((2, 2, 2, 1), np.float32)
    >>> dw, db = convcore.ops.conv2d_backward_weights(x, dy, (2, 2, 1, 1))
    >>> dw[:, :, 0, 0].tolist(), db.tolist()
    ([[8.0, 8.0], [8.0, 8.0]], [8.0])
    """
    dtype, (images, grad) = as_reals(x=x, dy=dy)
    w_shape = shape_argument("kernel_shape", kernel_shape, 4)
    g = conv2d_geometry(images.shape, w_shape, stride=stride, padding=padding, dilation=dilation, groups=groups)
    check_shape("dy", grad, g.y_shape, "what conv2d returns for this x and kernel_shape")
    if g.n == 0:
        return np.zeros(g.w_shape, dtype), np.zeros(g.oc, dtype)
    dw, db = new_result(g.w_shape, dtype), new_result((g.oc,), dtype)
    run(_conv2d_backward_weights_program(g, dtype), images, grad, dw, db)
    return dw, db
