"""Convolution and its two gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy.typing as npt

from convcore.arrays import as_reals, in_given_dtype
from convcore.geometries import border_mode, channels_first, moved_channels
from convcore.ops.convolving import (
    outer_shape,
    run_backward_data,
    run_backward_weights,
    run_forward,
)
from convcore.ops.replaying import replayed
from convcore.ops.running import Array, Shape, check_shape, wants_relu
from convcore.shapes import Geometry, conv2d_geometry, shape_argument

__all__ = ["conv2d", "conv2d_backward_data", "conv2d_backward_weights"]


def _geometry(x_shape: Shape, w_shape: Shape, *, first: bool, padding_mode: Any, **words: Any) -> Geometry:
    """The checked geometry, also of images whose channels stand first and of borders that are no zeros."""
    g = conv2d_geometry(moved_channels(x_shape, first=first), w_shape, **words)
    border = border_mode(padding_mode)
    return replace(g, border=border) if border else g


@replayed
def conv2d(
    x: npt.ArrayLike,
    w: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
    padding_mode: Any = "zeros",
    activation: str | None = None,
    data_format: Any = "channels_last",
) -> Array:
    """Correlate images with kernels, as convolution layers do.

    Parameters: `x` (n, height, width, channels); `w` (kernel height, kernel width, channels // groups, filters);
    `bias` (filters,); `stride` and `dilation`, in pixels, an int or one per axis; `padding` "valid", "same" (Keras's
    rule: ceil(size / stride) outputs, the odd pixel below and to the right), "same_lower" (the odd pixel above and to
    the left), an int, (height, width) or ((top, bottom), (left, right)); `padding_mode` what it holds: "zeros", or more
    of the image abcd, "edge" aa|abcd|dd, "mirror" cb|abcd|cb, "symmetric" ba|abcd|dc, "wrap" cd|abcd|ab; `groups`,
    into which channels and filters are split, each filter seeing the channels of its group alone; `activation` None
    or "relu"; with `data_format` "channels_first" images are (n, channels, height, width), and `w` is as before.

    Returns an array (n, output height, output width, filters), float16 or bfloat16 if all of the operands are. Raises
    `ShapeError`, `ParameterError` or `DTypeError`.

    Source: Goodfellow, Bengio, Courville, Deep Learning (2016), equation 9.6.

    >>> import numpy as np, convcore
    >>> image = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    >>> convcore.ops.conv2d(image, np.ones((2, 2, 1, 1), np.float32))[0, :, :, 0]
    array([[ 8., 12.],
           [20., 24.]], dtype=float32)
    """
    operands = {"x": x, "w": w} if bias is None else {"x": x, "w": w, "bias": bias}
    dtype, arrays = as_reals(**operands)
    first = channels_first(data_format)
    words = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    g = _geometry(arrays[0].shape, arrays[1].shape, first=first, padding_mode=padding_mode, **words)
    if bias is not None:
        check_shape("bias", arrays[2], (g.oc,), "one number per filter of w")
    relu = wants_relu(activation)
    shift = None if bias is None else arrays[2]
    y = run_forward(g, dtype, arrays[0], arrays[1], shift, relu=relu, first=first)
    return in_given_dtype(y, *operands.values())


@replayed
def conv2d_backward_data(
    dy: npt.ArrayLike,
    w: npt.ArrayLike,
    input_shape: Shape,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
    padding_mode: Any = "zeros",
    data_format: Any = "channels_last",
) -> Array:
    """The gradient of `conv2d` with respect to its input (`conv2d_transpose` is the layer of its own).

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
    first = channels_first(data_format)
    x_shape = shape_argument("input_shape", input_shape, 4)
    words = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    g = _geometry(x_shape, weights.shape, first=first, padding_mode=padding_mode, **words)
    check_shape("dy", grad, outer_shape(g.y_shape, first), "what conv2d returns for this input_shape and w")
    return in_given_dtype(run_backward_data(g, dtype, grad, weights, first=first), dy, w)


@replayed
def conv2d_backward_weights(
    x: npt.ArrayLike,
    dy: npt.ArrayLike,
    kernel_shape: Shape,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
    padding_mode: Any = "zeros",
    data_format: Any = "channels_last",
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
    dtype, (source, grad) = as_reals(x=x, dy=dy)
    first = channels_first(data_format)
    w_shape = shape_argument("kernel_shape", kernel_shape, 4)
    words = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    g = _geometry(source.shape, w_shape, first=first, padding_mode=padding_mode, **words)
    check_shape("dy", grad, outer_shape(g.y_shape, first), "what conv2d returns for this x and kernel_shape")
    dw, db = run_backward_weights(g, dtype, source, grad, first=first)
    return in_given_dtype(dw, x, dy), in_given_dtype(db, x, dy)
