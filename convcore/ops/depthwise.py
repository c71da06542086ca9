"""Depthwise and separable convolution: each channel has filters of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_array
from convcore.errors import ShapeError
from convcore.ops.convolution import conv2d, conv2d_backward_data, conv2d_backward_weights
from convcore.ops.replaying import replayed
from convcore.ops.running import Array, Shape
from convcore.shapes import shape_argument

__all__ = [
    "depthwise_conv2d",
    "depthwise_conv2d_backward_data",
    "depthwise_conv2d_backward_weights",
    "separable_conv2d",
]


def _as_groups(name: str, shape: Shape) -> Shape:
    """The shape of the same weights as those of a convolution in as many groups as there are channels."""
    if len(shape) != 4 or min(shape) < 1:
        raise ShapeError(
            f"{name}: expected (kernel height, kernel width, channels, multiplier), each at least 1, got shape {shape}."
        )
    return (*shape[:2], 1, shape[2] * shape[3])


def _grouped(w: npt.ArrayLike) -> tuple[npt.ArrayLike, int]:
    """`w` (kh, kw, channels, multiplier) as the weights of a convolution in groups, and how many groups."""
    # A list takes the dtype of the arrays beside it: it stays one. Narrow floats say theirs until they are converted.
    array = w if isinstance(w, np.ndarray) else as_array("w", w)
    grouped = array.reshape(_as_groups("w", array.shape))
    return grouped.tolist() if isinstance(w, (list, tuple)) else grouped, array.shape[2]


@replayed
def depthwise_conv2d(
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
    """Correlate each channel of images with kernels of its own.

    Parameters: `x` (n, height, width, channels); `w` (kernel height, kernel width, channels, multiplier); `bias`
    (channels * multiplier,); the rest as `conv2d` has it. Returns an array (n, output height, output width,
    channels * multiplier), where channel c * multiplier + m is channel c by its kernel m.

    Raises `ShapeError`, `ParameterError` or `DTypeError`.

    Source: Chollet, Xception: Deep Learning with Depthwise Separable Convolutions (2017).

    >>> import numpy as np, convcore
    >>> image = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
    >>> convcore.ops.depthwise_conv2d(image, np.ones((2, 2, 2, 1), np.float32))
    array([[[[12., 16.]]]], dtype=float32)
    """
    grouped, groups = _grouped(w)
    words = {"stride": stride, "padding": padding, "dilation": dilation, "padding_mode": padding_mode}
    return conv2d(x, grouped, bias, groups=groups, activation=activation, data_format=data_format, **words)


@replayed
def depthwise_conv2d_backward_data(
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
    """The gradient of `depthwise_conv2d` with respect to its input.

    Parameters: `dy` (n, output height, output width, channels * multiplier), the gradient of the output; `w` as in
    `depthwise_conv2d`; `input_shape` the shape of x; the rest as `depthwise_conv2d` had it. Returns dx of
    `input_shape`.

    >>> import numpy as np, convcore
    >>> dy = np.ones((1, 1, 1, 2), np.float32)
    >>> convcore.ops.depthwise_conv2d_backward_data(dy, np.ones((1, 2, 2, 1), np.float32), (1, 1, 2, 2)).tolist()
    [[[[1.0, 1.0], [1.0, 1.0]]]]
    """
    grouped, groups = _grouped(w)
    words = {"stride": stride, "padding": padding, "dilation": dilation, "padding_mode": padding_mode}
    return conv2d_backward_data(dy, grouped, input_shape, groups=groups, data_format=data_format, **words)


@replayed
def depthwise_conv2d_backward_weights(
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
    """The gradients of `depthwise_conv2d` with respect to its weights and its bias.

    Parameters: `x` (n, height, width, channels); `dy` (n, output height, output width, channels * multiplier);
    `kernel_shape` the shape of w; the rest as `depthwise_conv2d` had it. Returns (dw, db) of shapes `kernel_shape` and
    (channels * multiplier,).

    >>> import numpy as np, convcore
    >>> x, dy = np.ones((2, 3, 3, 2), np.float32), np.ones((2, 2, 2, 2), np.float32)
    >>> dw, db = convcore.ops.depthwise_conv2d_backward_weights(x, dy, (2, 2, 2, 1))
    >>> dw[0, 0].tolist(), db.tolist()
    ([[8.0], [8.0]], [8.0, 8.0])
    """
    shape = shape_argument("kernel_shape", kernel_shape, 4)
    words = {"stride": stride, "padding": padding, "dilation": dilation, "padding_mode": padding_mode}
    grouped = _as_groups("kernel_shape", shape)
    dw, db = conv2d_backward_weights(x, dy, grouped, groups=shape[2], data_format=data_format, **words)
    return dw.reshape(shape), db


@replayed
def separable_conv2d(
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
    """Convolve each channel by itself, then mix channels pixel by pixel; the gradients are those of the two in turn.

    Parameters: `x` (n, height, width, channels); `depthwise` (kernel height, kernel width, channels, multiplier);
    `pointwise` (1, 1, channels * multiplier, filters); `bias` (filters,); `stride`, `padding`, `dilation` and
    `padding_mode` are those of the first, `activation` that of the second; `data_format` as `conv2d` has it. Returns an
    array (n, output height, output width, filters).

    Raises `ShapeError`, `ParameterError` or `DTypeError`.

    Source: Chollet, Xception: Deep Learning with Depthwise Separable Convolutions (2017).

    >>> import numpy as np, convcore
    >>> image = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
    >>> ones = np.ones((2, 2, 2, 1), np.float32), np.ones((1, 1, 2, 3), np.float32)
    >>> convcore.ops.separable_conv2d(image, *ones)
    array([[[[28., 28., 28.]]]], dtype=float32)
    """
    shape = as_array("pointwise", pointwise).shape
    if len(shape) != 4 or shape[:2] != (1, 1):
        raise ShapeError(f"pointwise: expected (1, 1, channels * multiplier, filters), got shape {shape}.")
    words = {"stride": stride, "padding": padding, "dilation": dilation, "padding_mode": padding_mode}
    between = depthwise_conv2d(x, depthwise, data_format=data_format, **words)
    return conv2d(between, pointwise, bias, activation=activation, data_format=data_format)
