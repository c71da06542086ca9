"""Convolutions of each channel of lines (1-D) by itself, and their gradients: those of images one pixel high."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from convcore.arrays import as_reals, in_given_dtype
from convcore.geometries import line_shape
from convcore.ops.depthwise import (
    depthwise_conv2d,
    depthwise_conv2d_backward_data,
    depthwise_conv2d_backward_weights,
    separable_conv2d,
)
from convcore.ops.lines import as_image, as_image_shape, as_line, words_of_line
from convcore.ops.replaying import replayed
from convcore.ops.running import Array, Shape
from convcore.shapes import shape_argument

__all__ = [
    "depthwise_conv1d",
    "depthwise_conv1d_backward_data",
    "depthwise_conv1d_backward_weights",
    "separable_conv1d",
]


def _kernel(name: str, array: Array) -> Array:
    """A kernel of lines as that of images: with one row."""
    line_shape(name, array.shape, "size, channels, multiplier")
    return array[None]


@replayed
def depthwise_conv1d(
    x: npt.ArrayLike,
    w: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    padding_mode: Any = "zeros",
    activation: str | None = None,
    data_format: Any = "channels_last",
) -> Array:
    """Correlate each channel of lines with kernels of its own: `depthwise_conv2d` of images one pixel high.

    Parameters: `x` (n, length, channels), or (n, channels, length) with `data_format` "channels_first"; `w` (size,
    channels, multiplier); `bias` (channels * multiplier,); `padding` as in `conv1d`; the rest as in `depthwise_conv2d`.
    Returns an array (n, output length, channels * multiplier). Raises `ShapeError`, `ParameterError` or `DTypeError`.

    >>> import numpy as np, convcore
    >>> line = np.arange(6, dtype=np.float32).reshape(1, 3, 2)
    >>> convcore.ops.depthwise_conv1d(line, np.ones((2, 2, 1), np.float32)).tolist()
    [[[2.0, 4.0], [6.0, 8.0]]]
    """
    operands = {"x": x, "w": w} if bias is None else {"x": x, "w": w, "bias": bias}
    _, (source, weights, *rest) = as_reals(**operands)
    kernel = _kernel("w", weights)
    words = words_of_line(kernel.shape, stride, padding, dilation, data_format)
    image = as_image("x", source, data_format)
    y = depthwise_conv2d(image, kernel, *rest, padding_mode=padding_mode, activation=activation, **words)
    return in_given_dtype(as_line(y, data_format), *operands.values())


@replayed
def depthwise_conv1d_backward_data(
    dy: npt.ArrayLike,
    w: npt.ArrayLike,
    input_shape: Shape,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    padding_mode: Any = "zeros",
    data_format: Any = "channels_last",
) -> Array:
    """The gradient of `depthwise_conv1d` with respect to its input, of `input_shape`.

    >>> import numpy as np, convcore
    >>> dy, w = np.ones((1, 2, 2), np.float32), np.ones((2, 2, 1), np.float32)
    >>> convcore.ops.depthwise_conv1d_backward_data(dy, w, (1, 3, 2)).tolist()
    [[[1.0, 1.0], [2.0, 2.0], [1.0, 1.0]]]
    """
    _, (grad, weights) = as_reals(dy=dy, w=w)
    shape = as_image_shape("input_shape", shape_argument("input_shape", input_shape, 3), data_format)
    kernel = _kernel("w", weights)
    words = words_of_line(kernel.shape, stride, padding, dilation, data_format)
    image = as_image("dy", grad, data_format)
    dx = depthwise_conv2d_backward_data(image, kernel, shape, padding_mode=padding_mode, **words)
    return in_given_dtype(as_line(dx, data_format), dy, w)


@replayed
def depthwise_conv1d_backward_weights(
    x: npt.ArrayLike,
    dy: npt.ArrayLike,
    kernel_shape: Shape,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    padding_mode: Any = "zeros",
    data_format: Any = "channels_last",
) -> tuple[Array, Array]:
    """The gradients of `depthwise_conv1d` with respect to its weights and its bias: (dw, db), dw of `kernel_shape`.

    >>> import numpy as np, convcore
    >>> x, dy = np.ones((2, 3, 2), np.float32), np.ones((2, 2, 2), np.float32)
    >>> dw, db = convcore.ops.depthwise_conv1d_backward_weights(x, dy, (2, 2, 1))
    >>> dw[0].tolist(), db.tolist()
    ([[4.0], [4.0]], [4.0, 4.0])
    """
    _, (source, grad) = as_reals(x=x, dy=dy)
    shape = (1, *shape_argument("kernel_shape", kernel_shape, 3))
    words = words_of_line(shape, stride, padding, dilation, data_format)
    images = as_image("x", source, data_format), as_image("dy", grad, data_format)
    dw, db = depthwise_conv2d_backward_weights(*images, shape, padding_mode=padding_mode, **words)
    return in_given_dtype(dw[0], x, dy), in_given_dtype(db, x, dy)


@replayed
def separable_conv1d(
    x: npt.ArrayLike,
    depthwise: npt.ArrayLike,
    pointwise: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    padding_mode: Any = "zeros",
    activation: str | None = None,
    data_format: Any = "channels_last",
) -> Array:
    """Convolve each channel of lines by itself, then mix channels: `separable_conv2d` of images one pixel high.

    Parameters: `x` (n, length, channels), or (n, channels, length) with `data_format` "channels_first"; `depthwise`
    (size, channels, multiplier); `pointwise` (1, channels * multiplier, filters); `bias` (filters,); `padding` as in
    `conv1d`; the rest as in `separable_conv2d`. Returns an array (n, output length, filters). Raises `ShapeError`,
    `ParameterError` or `DTypeError`.

    >>> import numpy as np, convcore
    >>> line = np.arange(6, dtype=np.float32).reshape(1, 3, 2)
    >>> ones = np.ones((2, 2, 1), np.float32), np.ones((1, 2, 3), np.float32)
    >>> convcore.ops.separable_conv1d(line, *ones).tolist()
    [[[6.0, 6.0, 6.0], [14.0, 14.0, 14.0]]]
    """
    operands = {"x": x, "depthwise": depthwise, "pointwise": pointwise}
    operands |= {} if bias is None else {"bias": bias}
    _, (source, first, second, *rest) = as_reals(**operands)
    kernel = _kernel("depthwise", first)
    words = words_of_line(kernel.shape, stride, padding, dilation, data_format)
    image, mixing = as_image("x", source, data_format), _kernel("pointwise", second)
    y = separable_conv2d(image, kernel, mixing, *rest, padding_mode=padding_mode, activation=activation, **words)
    return in_given_dtype(as_line(y, data_format), *operands.values())
