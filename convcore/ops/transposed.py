"""Transposed convolution and its two gradients."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from convcore.arrays import as_reals, in_given_dtype
from convcore.geometries import channels_first, conv2d_transpose_geometry, moved_channels
from convcore.ops.convolving import (
    outer_shape,
    run_backward_weights,
    run_forward,
    run_transposed,
)
from convcore.ops.replaying import replayed
from convcore.ops.running import Array, Shape, check_shape, wants_relu
from convcore.shapes import shape_argument

__all__ = ["conv2d_transpose", "conv2d_transpose_backward_data", "conv2d_transpose_backward_weights"]


def _words(stride: Any, padding: Any, output_padding: Any, dilation: Any, groups: Any) -> dict[str, Any]:
    """The keywords of the geometry."""
    sizes = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
    return sizes | {"groups": groups}


@replayed
def conv2d_transpose(
    x: npt.ArrayLike,
    w: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    output_padding: Any = None,
    dilation: Any = 1,
    groups: int = 1,
    activation: str | None = None,
    data_format: Any = "channels_last",
) -> Array:
    """Spread each pixel over a window, as transposed ("de-") convolution layers do: the gradient of `conv2d`.

    Parameters: `x` (n, height, width, channels); `w` (kernel height, kernel width, filters // groups, channels), as
    Keras has it; `bias` (filters,); `stride` and `dilation`, in pixels, an int or one per axis; `padding` "valid" or
    "same" by Keras's rules, or, by PyTorch's, pixels that are cut off: an int, (height, width) or ((top, bottom),
    (left, right)); `output_padding`, in pixels, what the output is larger below and to the right, None for Keras's
    default (for "same" size * stride outputs) or 0; `groups`, into which channels and filters are split, the channels
    of each spreading to its filters alone; `activation` None or "relu"; `data_format` as in `conv2d`.

    Along an axis, with r = dilation * (kernel - 1) + 1, there are (size - 1) * stride + r - cut off + output_padding
    outputs. Returns an array (n, output height, output width, filters).

    Source: Dumoulin, Visin, A guide to convolution arithmetic for deep learning (2016), chapter 4.

    >>> import numpy as np, convcore
    >>> image = np.array([[1, 2], [3, 4]], np.float32).reshape(1, 2, 2, 1)
    >>> convcore.ops.conv2d_transpose(image, np.ones((2, 2, 1, 1), np.float32), stride=2)[0, :, :, 0]
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.],
           [3., 3., 4., 4.],
           [3., 3., 4., 4.]], dtype=float32)
    """
    operands = {"x": x, "w": w} if bias is None else {"x": x, "w": w, "bias": bias}
    dtype, (source, weights, *rest) = as_reals(**operands)
    first, relu = channels_first(data_format), wants_relu(activation)
    words = _words(stride, padding, output_padding, dilation, groups)
    g = conv2d_transpose_geometry(moved_channels(source.shape, first=first), weights.shape, **words)
    for shift in rest:
        check_shape("bias", shift, (g.ic,), "one number per filter of w")
    y = run_transposed(g, dtype, source, weights, rest[0] if rest else None, relu=relu, first=first)
    return in_given_dtype(y, *operands.values())


@replayed
def conv2d_transpose_backward_data(
    dy: npt.ArrayLike,
    w: npt.ArrayLike,
    input_shape: Shape,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    output_padding: Any = None,
    dilation: Any = 1,
    groups: int = 1,
    data_format: Any = "channels_last",
) -> Array:
    """The gradient of `conv2d_transpose` with respect to its input: a convolution.

    Parameters: `dy`, the gradient of the output; `w` as in `conv2d_transpose`; `input_shape` the shape of x; the rest
    as `conv2d_transpose` had it. Returns dx of `input_shape`.

    >>> import numpy as np, convcore
    >>> dy = np.ones((1, 4, 4, 1), np.float32)
    >>> w = np.ones((2, 2, 1, 1), np.float32)
    >>> convcore.ops.conv2d_transpose_backward_data(dy, w, (1, 2, 2, 1), stride=2)[0, :, :, 0].tolist()
    [[4.0, 4.0], [4.0, 4.0]]
    """
    dtype, (grad, weights) = as_reals(dy=dy, w=w)
    first = channels_first(data_format)
    x_shape = moved_channels(shape_argument("input_shape", input_shape, 4), first=first)
    words = _words(stride, padding, output_padding, dilation, groups)
    g = conv2d_transpose_geometry(x_shape, weights.shape, **words)
    check_shape("dy", grad, outer_shape(g.x_shape, first), "what conv2d_transpose returns for this input_shape and w")
    return in_given_dtype(run_forward(g, dtype, grad, weights, None, first=first), dy, w)


@replayed
def conv2d_transpose_backward_weights(
    x: npt.ArrayLike,
    dy: npt.ArrayLike,
    kernel_shape: Shape,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    output_padding: Any = None,
    dilation: Any = 1,
    groups: int = 1,
    data_format: Any = "channels_last",
) -> tuple[Array, Array]:
    """The gradients of `conv2d_transpose` with respect to its weights and its bias.

    Parameters: `x` and `dy`, the input and the gradient of the output; `kernel_shape` the shape of w; the rest as
    `conv2d_transpose` had it. Returns (dw, db) of shapes `kernel_shape` and (filters,).

    >>> import numpy as np, convcore
    >>> x, dy = np.ones((1, 2, 2, 1), np.float32), np.ones((1, 3, 3, 1), np.float32)
    >>> dw, db = convcore.ops.conv2d_transpose_backward_weights(x, dy, (2, 2, 1, 1))
    >>> dw[:, :, 0, 0].tolist(), db.tolist()
    ([[4.0, 4.0], [4.0, 4.0]], [9.0])
    """
    dtype, (source, grad) = as_reals(x=x, dy=dy)
    first = channels_first(data_format)
    w_shape = shape_argument("kernel_shape", kernel_shape, 4)
    words = _words(stride, padding, output_padding, dilation, groups)
    g = conv2d_transpose_geometry(moved_channels(source.shape, first=first), w_shape, **words)
    check_shape("dy", grad, outer_shape(g.x_shape, first), "what conv2d_transpose returns for this x and kernel_shape")
    dw, db = run_backward_weights(g, dtype, grad, source, first=first, transposed=True)
    return in_given_dtype(dw, x, dy), in_given_dtype(db, x, dy)
