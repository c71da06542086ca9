"""Max unpooling, the way back of a max pool, and its gradient."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_array, as_reals
from convcore.engine import native
from convcore.errors import ParameterError, ShapeError
from convcore.ops.planes import planes
from convcore.ops.pooling import INDEX_BYTES, checked_indices
from convcore.ops.replaying import replayed
from convcore.ops.running import PROGRAMS, Array, Shape, in_dtype_of_input, in_same_dtype_as_input, new_result, run
from convcore.plans import pool
from convcore.plans.steps import Steps
from convcore.shapes import LARGEST, Geometry, pair

__all__ = ["max_unpool2d", "max_unpool2d_backward"]


def _geometry(images: Shape, height: int, width: int) -> Geometry:
    """From the pixels of `images` to `height` x `width`."""
    n, ih, iw, c = images
    return Geometry(n, ih, iw, c, height, width, c, 1, 1, 1, 1, 1, 1, 0, 0)


@lru_cache(PROGRAMS)
def _program(g: Geometry, dtype: str, backward: bool) -> native.Program:
    steps = Steps(dtype)
    small, large = int(np.prod(g.x_shape)), int(np.prod(g.y_shape))
    source = steps.external((large if backward else small) * steps.item_bytes)
    indices = steps.external(small * INDEX_BYTES)
    to = steps.external((small if backward else large) * steps.item_bytes, written=True)
    (pool.max_unpool2d_backward if backward else pool.max_unpool2d)(steps, g, source, indices, to)
    return steps.build()


@replayed
@in_same_dtype_as_input
def max_unpool2d(
    x: npt.ArrayLike,
    indices: npt.ArrayLike,
    pool_size: Any = 2,
    *,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
    data_format: str = "channels_last",
) -> Array:
    """Each element of `x` at the pixel that its index names, and zeros elsewhere: the partial inverse of `max_pool2d`.

    Parameters: `x` and `indices` (n, height, width, channels), or channels first, as `max_pool2d` returned them;
    `pool_size`, `stride` and `padding` (an int or one per axis) as it had them, `output_size` (height, width) where
    they leave the input's size open, less than a stride away from ``(size - 1) * stride - 2 * padding + pool_size``.

    Returns an array of `output_size` pixels. Of equal indices the last one in row-major order counts. An index outside
    the plane raises `ShapeError`. Source: PyTorch's `max_unpool2d`.

    >>> import numpy as np, convcore
    >>> x = np.array([[1, 5], [7, 2]], np.float32).reshape(1, 2, 2, 1)
    >>> y, indices = convcore.ops.max_pool2d(x, 2, return_indices=True)
    >>> convcore.ops.max_unpool2d(y, indices, 2)[0, :, :, 0].tolist()
    [[0.0, 0.0], [7.0, 0.0]]
    """
    dtype, (values,) = as_reals(x=x)
    seen = planes("x", values.shape, data_format)
    window, pads = pair("pool_size", pool_size), pair("padding", padding, 0)
    strides = window if stride is None else pair("stride", stride)
    for pad, size in zip(pads, window, strict=True):
        if pad > size // 2:
            raise ParameterError(f"padding: at most half of pool_size {window}, got {pads}.")
    default = tuple(
        (size - 1) * s - 2 * p + k
        for size, s, p, k in zip((seen.height, seen.width), strides, pads, window, strict=True)
    )
    if output_size is None:
        height, width = default
    else:
        height, width = pair("output_size", output_size)
        for got, usual, s in zip((height, width), default, strides, strict=True):
            if abs(got - usual) >= s:
                raise ShapeError(
                    f"output_size: {(height, width)} is not within a stride of {default}, the size that pool_size "
                    f"{window}, stride {strides} and padding {pads} lead to; allowed is less than {s} away."
                )
    if min(height, width) < 1 or height * width > LARGEST:
        raise ShapeError(f"output_size: a plane of {height}x{width} pixels is not possible, 1 to {LARGEST} are.")
    places = checked_indices(indices, values.shape, (height, width))
    g = _geometry(seen.images, height, width)
    y = new_result(seen.shape(height, width), dtype)
    if g.n:
        run(_program(g, dtype, False), values, places, y)
    return y


@replayed
@in_dtype_of_input
def max_unpool2d_backward(dy: npt.ArrayLike, indices: npt.ArrayLike, *, data_format: str = "channels_last") -> Array:
    """The gradient of `max_unpool2d` with respect to its values: that of the pixel that each one went to.

    Parameters: `dy` (n, height, width, channels), the gradient of the output; `indices` as `max_unpool2d` had them.
    Returns dx of the shape of `indices`. An index outside the plane raises `ShapeError`.

    >>> import numpy as np, convcore
    >>> dy = np.arange(4, dtype=np.float32).reshape(1, 2, 2, 1)
    >>> convcore.ops.max_unpool2d_backward(dy, np.full((1, 1, 1, 1), 2)).item()
    2.0
    """
    dtype, (grad,) = as_reals(dy=dy)
    large = planes("dy", grad.shape, data_format)
    if large.height * large.width > LARGEST:
        raise ShapeError(f"dy: a plane of {large.height}x{large.width} pixels is not possible, 1 to {LARGEST} are.")
    given = as_array("indices", indices).shape
    small = planes("indices", given, data_format)
    if (small.n, small.channels) != (large.n, large.channels):
        raise ShapeError(f"indices: batch and channels must be those of dy (shape {grad.shape}), got shape {given}.")
    places = checked_indices(indices, given, (large.height, large.width))
    g = _geometry(small.images, large.height, large.width)
    dx = new_result(given, dtype)
    if g.n:
        run(_program(g, dtype, True), grad, places, dx)
    return dx
