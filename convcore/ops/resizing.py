"""Images with zeros around them, without their borders, and larger ones; and their gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy.typing as npt

from convcore.arrays import as_reals
from convcore.checks import shown
from convcore.engine import native
from convcore.errors import NotSupportedError, ParameterError
from convcore.geometries import frame_geometry, sides, upsample_geometry
from convcore.ops.planes import planes
from convcore.ops.replaying import replayed
from convcore.ops.running import (
    PROGRAMS,
    Array,
    Shape,
    check_shape,
    in_dtype_of_input,
    in_same_dtype_as_input,
    new_result,
    run,
)
from convcore.plans import resize
from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry, shape_argument

__all__ = ["crop2d", "interpolation_word", "upsample2d", "upsample2d_backward", "zero_pad2d"]

_OTHERS = ("bicubic", "lanczos3", "lanczos5")


def interpolation_word(value: Any) -> str:
    """A name of `INTERPOLATIONS`, in any case.

    >>> interpolation_word("Bilinear")
    'bilinear'
    """
    word = value.lower() if isinstance(value, str) else value
    if isinstance(word, str) and word in resize.INTERPOLATIONS:
        return word
    allowed = ", ".join(map(repr, resize.INTERPOLATIONS))
    if isinstance(word, str) and word in _OTHERS:
        raise NotSupportedError(f"convcore does not implement interpolation={word!r} (supported: {allowed})")
    raise ParameterError(f"interpolation: expected one of {allowed}, got {shown(value)}.")


@lru_cache(PROGRAMS)
def _program(g: Geometry, dtype: str, interpolation: str | None, backward: bool) -> native.Program:
    steps = Steps(dtype)
    shapes = (g.y_shape, g.x_shape) if backward else (g.x_shape, g.y_shape)
    source, target = (math.prod(shape) * steps.item_bytes for shape in shapes)
    buffers = steps.external(source), steps.external(target, written=True)
    if interpolation is None:
        resize.frame(steps, g, *buffers)
    else:
        add: Callable[[Steps, Geometry, Buffer, Buffer, str], None]
        add = resize.upsample_backward if backward else resize.upsample
        add(steps, g, *buffers, interpolation)
    return steps.build()


def _framed(x: npt.ArrayLike, rows: tuple[int, int], columns: tuple[int, int], data_format: Any) -> Array:
    dtype, (images,) = as_reals(x=x)
    seen = planes("x", images.shape, data_format)
    g = frame_geometry(seen.images, rows, columns)
    y = new_result(seen.shape(g.oh, g.ow), dtype)
    if g.n:
        run(_program(g, dtype, None, False), images, y)
    return y


@replayed
@in_same_dtype_as_input
def zero_pad2d(x: npt.ArrayLike, padding: Any = 1, *, data_format: Any = "channels_last") -> Array:
    """Images with zeros around them; the gradient is `crop2d` with the same numbers.

    Parameters: `x` (n, height, width, channels), or (n, channels, height, width) with `data_format` "channels_first";
    `padding`, in pixels, an int, (height, width) or ((top, bottom), (left, right)). Returns an array of x's layout and
    dtype. Raises `ShapeError`, `ParameterError` or `DTypeError`.

    >>> import numpy as np, convcore
    >>> convcore.ops.zero_pad2d(np.ones((1, 1, 2, 1), np.float32), ((0, 1), (1, 0)))[0, :, :, 0].tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    """
    rows, columns = sides("padding", padding)
    return _framed(x, rows, columns, data_format)


@replayed
@in_same_dtype_as_input
def crop2d(x: npt.ArrayLike, cropping: Any = 1, *, data_format: Any = "channels_last") -> Array:
    """Images without some rows and columns at their border; the gradient is `zero_pad2d` with the same numbers.

    Parameters: `x` and `data_format` as in `zero_pad2d`; `cropping`, in pixels, an int, (height, width) or ((top,
    bottom), (left, right)), less than the image has. Returns an array of x's layout and dtype. Raises `ShapeError`,
    `ParameterError` or `DTypeError`.

    >>> import numpy as np, convcore
    >>> x = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    >>> convcore.ops.crop2d(x, ((1, 0), (0, 1)))[0, :, :, 0].tolist()
    [[3.0, 4.0], [6.0, 7.0]]
    """
    (top, bottom), (left, right) = sides("cropping", cropping)
    return _framed(x, (-top, -bottom), (-left, -right), data_format)


@replayed
@in_dtype_of_input
def upsample2d(
    x: npt.ArrayLike, size: Any = 2, *, interpolation: Any = "nearest", data_format: Any = "channels_last"
) -> Array:
    """Images with `size` times as many rows and columns.

    Parameters: `x` and `data_format` as in `zero_pad2d`; `size` an int >= 1, or (rows, columns); `interpolation`
    "nearest", each pixel as often as `size` says, or "bilinear", a mixture of the four pixels around, with the colours
    at the centres of pixels and an edge that goes on (TensorFlow's and Keras's rule; PyTorch's with ``align_corners``
    False). Returns an array of x's layout. Raises `ShapeError`, `ParameterError`, `DTypeError`, or `NotSupportedError`
    for "bicubic" and "lanczos".

    >>> import numpy as np, convcore
    >>> x = np.array([0, 4], np.float32).reshape(1, 1, 2, 1)
    >>> convcore.ops.upsample2d(x, (1, 2)).ravel().tolist()
    [0.0, 0.0, 4.0, 4.0]
    >>> convcore.ops.upsample2d(x, (1, 2), interpolation="bilinear").ravel().tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    dtype, (images,) = as_reals(x=x)
    seen, word = planes("x", images.shape, data_format), interpolation_word(interpolation)
    g = upsample_geometry(seen.images, size)
    y = new_result(seen.shape(g.oh, g.ow), dtype)
    if g.n:
        run(_program(g, dtype, word, False), images, y)
    return y


@replayed
@in_dtype_of_input
def upsample2d_backward(
    dy: npt.ArrayLike,
    input_shape: Shape,
    size: Any = 2,
    *,
    interpolation: Any = "nearest",
    data_format: Any = "channels_last",
) -> Array:
    """The gradient of `upsample2d`: for each pixel the sum of all outputs that it has a part in, times that part.

    Parameters: `dy`, the gradient of the output; `input_shape` the shape of x; the rest as `upsample2d` had it. Returns
    dx of `input_shape`.

    >>> import numpy as np, convcore
    >>> dy = np.arange(4, dtype=np.float32).reshape(1, 1, 4, 1)
    >>> convcore.ops.upsample2d_backward(dy, (1, 1, 2, 1), (1, 2)).ravel().tolist()
    [1.0, 5.0]
    """
    dtype, (grad,) = as_reals(dy=dy)
    shape = shape_argument("input_shape", input_shape, 4)
    seen, word = planes("input_shape", shape, data_format), interpolation_word(interpolation)
    g = upsample_geometry(seen.images, size)
    check_shape("dy", grad, seen.shape(g.oh, g.ow), "what upsample2d returns for this input_shape")
    dx = new_result(shape, dtype)
    if g.n:
        run(_program(g, dtype, word, True), grad, dx)
    return dx
