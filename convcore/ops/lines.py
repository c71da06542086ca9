"""Convolutions of lines (1-D), plain and transposed, and their gradients: those of images one pixel high."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from convcore.arrays import as_reals, in_given_dtype
from convcore.geometries import channels_first, line_padding, line_shape, single
from convcore.ops.convolution import conv2d, conv2d_backward_data, conv2d_backward_weights
from convcore.ops.replaying import replayed
from convcore.ops.running import Array, Shape
from convcore.ops.transposed import conv2d_transpose, conv2d_transpose_backward_data, conv2d_transpose_backward_weights
from convcore.shapes import shape_argument

__all__ = [
    "as_image",
    "as_image_shape",
    "as_line",
    "conv1d",
    "conv1d_backward_data",
    "conv1d_backward_weights",
    "conv1d_transpose",
    "conv1d_transpose_backward_data",
    "conv1d_transpose_backward_weights",
    "words_of_line",
]


def words_of_line(w_shape: Shape, stride: Any, padding: Any, dilation: Any, data_format: Any) -> dict[str, Any]:
    """The keywords of the op on images; the length of a line is their width, along which kernels are fast."""
    steps = single("dilation", dilation)
    return {
        "stride": (1, single("stride", stride)),
        "padding": line_padding(padding, w_shape[1], steps),
        "dilation": (1, steps),
        "data_format": data_format,
    }


def as_image(name: str, array: Array, data_format: Any) -> Array:
    """Lines as images one pixel high."""
    return array.reshape(as_image_shape(name, array.shape, data_format))


def as_image_shape(name: str, shape: Shape, data_format: Any) -> Shape:
    """The shape of lines, which is checked, as that of images one pixel high."""
    if channels_first(data_format):
        line_shape(name, shape, "n, channels, length")
        return (*shape[:2], 1, shape[2])
    return line_shape(name, shape, "n, length, channels")


def _kernel_shape(shape: Shape, axes: str = "size, channels // groups, filters", name: str = "w") -> Shape:
    return line_shape(name, shape, axes)


_TRANSPOSED_AXES = "size, filters // groups, channels"


def as_line(image: Array, data_format: Any) -> Array:
    """An image one pixel high without that axis."""
    n, a, b, c = image.shape
    return image.reshape((n, a, c) if channels_first(data_format) else (n, b, c))


@replayed
def conv1d(
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
    """Correlate lines with kernels: `conv2d` of images one pixel high.

    Parameters: `x` (n, length, channels), or (n, channels, length) with `data_format` "channels_first"; `w` (size,
    channels // groups, filters); `bias` (filters,); `padding` "valid", "same", "same_lower", "causal" (dilation *
    (size - 1) zeros in front, so that no output sees what comes after it), an int or (left, right); the rest as in
    `conv2d`.

    Returns an array (n, output length, filters). Raises `ShapeError`, `ParameterError` or `DTypeError`.

    >>> import numpy as np, convcore
    >>> line = np.arange(5, dtype=np.float32).reshape(1, 5, 1)
    >>> convcore.ops.conv1d(line, np.ones((3, 1, 1), np.float32), padding="causal").ravel().tolist()
    [0.0, 1.0, 3.0, 6.0, 9.0]
    """
    operands = {"x": x, "w": w} if bias is None else {"x": x, "w": w, "bias": bias}
    _, (source, weights, *rest) = as_reals(**operands)
    image, kernel = as_image("x", source, data_format), weights.reshape(_kernel_shape(weights.shape))
    words = words_of_line(kernel.shape, stride, padding, dilation, data_format)
    y = conv2d(image, kernel, *rest, groups=groups, padding_mode=padding_mode, activation=activation, **words)
    return in_given_dtype(as_line(y, data_format), *operands.values())


@replayed
def conv1d_backward_data(
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
    """The gradient of `conv1d` with respect to its input.

    Parameters: `dy`, the gradient of the output; `w` as in `conv1d`; `input_shape` the shape of x; the rest as
    `conv1d` had it. Returns dx of `input_shape`.

    >>> import numpy as np, convcore
    >>> dy = np.ones((1, 3, 1), np.float32)
    >>> convcore.ops.conv1d_backward_data(dy, np.ones((3, 1, 1), np.float32), (1, 5, 1)).ravel().tolist()
    [1.0, 2.0, 3.0, 2.0, 1.0]
    """
    _, (grad, weights) = as_reals(dy=dy, w=w)
    shape = as_image_shape("input_shape", shape_argument("input_shape", input_shape, 3), data_format)
    image, kernel = as_image("dy", grad, data_format), weights.reshape(_kernel_shape(weights.shape))
    words = words_of_line(kernel.shape, stride, padding, dilation, data_format)
    dx = conv2d_backward_data(image, kernel, shape, groups=groups, padding_mode=padding_mode, **words)
    return in_given_dtype(as_line(dx, data_format), dy, w)


@replayed
def conv1d_backward_weights(
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
    """The gradients of `conv1d` with respect to its weights and its bias: (dw, db), dw of `kernel_shape`.

    >>> import numpy as np, convcore
    >>> x, dy = np.ones((2, 5, 1), np.float32), np.ones((2, 3, 1), np.float32)
    >>> dw, db = convcore.ops.conv1d_backward_weights(x, dy, (3, 1, 1))
    >>> dw.ravel().tolist(), db.tolist()
    ([6.0, 6.0, 6.0], [6.0])
    """
    _, (source, grad) = as_reals(x=x, dy=dy)
    shape = _kernel_shape(shape_argument("kernel_shape", kernel_shape, 3), name="kernel_shape")
    words = words_of_line(shape, stride, padding, dilation, data_format)
    images = as_image("x", source, data_format), as_image("dy", grad, data_format)
    dw, db = conv2d_backward_weights(*images, shape, groups=groups, padding_mode=padding_mode, **words)
    return in_given_dtype(dw[0], x, dy), in_given_dtype(db, x, dy)


def _transposed_words(
    stride: Any, padding: Any, output_padding: Any, dilation: Any, groups: Any, data_format: Any
) -> dict[str, Any]:
    word = padding.lower() if isinstance(padding, str) else ""
    return {
        "stride": (1, single("stride", stride)),
        "padding": padding if isinstance(padding, str) and word != "causal" else line_padding(padding, 1, 1),
        "output_padding": None if output_padding is None else (0, single("output_padding", output_padding, 0)),
        "dilation": (1, single("dilation", dilation)),
        "groups": groups,
        "data_format": data_format,
    }


@replayed
def conv1d_transpose(
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
    """Spread each element of a line over a window: `conv2d_transpose` of images one pixel high.

    Parameters: `x` (n, length, channels), or (n, channels, length) with `data_format` "channels_first"; `w` (size,
    filters // groups, channels); `bias` (filters,); `padding` "valid", "same", an int or (left, right) that are cut
    off; the rest as in `conv2d_transpose`. Returns an array (n, output length, filters).

    >>> import numpy as np, convcore
    >>> line = np.array([1, 2], np.float32).reshape(1, 2, 1)
    >>> convcore.ops.conv1d_transpose(line, np.ones((3, 1, 1), np.float32), stride=2).ravel().tolist()
    [1.0, 1.0, 3.0, 2.0, 2.0]
    """
    operands = {"x": x, "w": w} if bias is None else {"x": x, "w": w, "bias": bias}
    _, (source, weights, *rest) = as_reals(**operands)
    words = _transposed_words(stride, padding, output_padding, dilation, groups, data_format)
    kernel = weights.reshape(_kernel_shape(weights.shape, _TRANSPOSED_AXES))
    y = conv2d_transpose(as_image("x", source, data_format), kernel, *rest, activation=activation, **words)
    return in_given_dtype(as_line(y, data_format), *operands.values())


@replayed
def conv1d_transpose_backward_data(
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
    """The gradient of `conv1d_transpose` with respect to its input, of `input_shape`.

    >>> import numpy as np, convcore
    >>> dy = np.ones((1, 5, 1), np.float32)
    >>> w = np.ones((3, 1, 1), np.float32)
    >>> convcore.ops.conv1d_transpose_backward_data(dy, w, (1, 2, 1), stride=2).ravel().tolist()
    [3.0, 3.0]
    """
    _, (grad, weights) = as_reals(dy=dy, w=w)
    shape = as_image_shape("input_shape", shape_argument("input_shape", input_shape, 3), data_format)
    words = _transposed_words(stride, padding, output_padding, dilation, groups, data_format)
    kernel = weights.reshape(_kernel_shape(weights.shape, _TRANSPOSED_AXES))
    dx = conv2d_transpose_backward_data(as_image("dy", grad, data_format), kernel, shape, **words)
    return in_given_dtype(as_line(dx, data_format), dy, w)


@replayed
def conv1d_transpose_backward_weights(
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
    """The gradients of `conv1d_transpose` with respect to its weights and its bias: (dw, db), dw of `kernel_shape`.

    >>> import numpy as np, convcore
    >>> x, dy = np.ones((1, 2, 1), np.float32), np.ones((1, 4, 1), np.float32)
    >>> dw, db = convcore.ops.conv1d_transpose_backward_weights(x, dy, (3, 1, 1))
    >>> dw.ravel().tolist(), db.tolist()
    ([2.0, 2.0, 2.0], [4.0])
    """
    _, (source, grad) = as_reals(x=x, dy=dy)
    shape = _kernel_shape(shape_argument("kernel_shape", kernel_shape, 3), _TRANSPOSED_AXES, "kernel_shape")
    words = _transposed_words(stride, padding, output_padding, dilation, groups, data_format)
    images = as_image("x", source, data_format), as_image("dy", grad, data_format)
    dw, db = conv2d_transpose_backward_weights(*images, shape, **words)
    return in_given_dtype(dw[0], x, dy), in_given_dtype(db, x, dy)
