"""Pooling of lines of pixels: an image one pixel high, without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_reals
from convcore.geometries import line_pixels, single
from convcore.ops.average_pooling import avg_pool, avg_pool_backward
from convcore.ops.planes import planes
from convcore.ops.pooling import max_pool, max_pool_backward
from convcore.ops.replaying import replayed
from convcore.ops.running import Array, Shape, boolean, in_dtype_of_input, in_same_dtype_as_input
from convcore.shapes import shape_argument

__all__ = ["avg_pool1d", "avg_pool1d_backward", "max_pool1d", "max_pool1d_backward"]


def _words(pool_size: Any, stride: Any, padding: Any, ceil_mode: Any) -> dict[str, Any]:
    """The arguments of a line's pool as those of an image's."""
    return {
        "pool_size": (1, single("pool_size", pool_size)),
        "stride": None if stride is None else (1, single("stride", stride)),
        "padding": padding if isinstance(padding, (str, bytes)) else line_pixels(padding),
        "ceil_mode": boolean("ceil_mode", ceil_mode),
    }


@replayed
@in_same_dtype_as_input
def max_pool1d(
    x: npt.ArrayLike,
    pool_size: Any = 2,
    *,
    stride: Any = None,
    padding: Any = "valid",
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    data_format: str = "channels_last",
) -> Array | tuple[Array, npt.NDArray[np.int64]]:
    """`max_pool2d` of lines: `x` (n, length, channels), or (n, channels, length) with `data_format="channels_first"`.

    Sizes are ints, `padding` a word, an int or (left, right); an index is a place in the line.

    >>> import numpy as np, convcore
    >>> convcore.ops.max_pool1d(np.array([[[1.0], [3.0], [2.0], [5.0]]])).ravel().tolist()
    [3.0, 5.0]
    """
    dtype, (lines,) = as_reals(x=x)
    seen = planes("x", lines.shape, data_format, 1)
    words = _words(pool_size, stride, padding, ceil_mode)
    return max_pool(lines, dtype, seen, return_indices, **words, dilation=(1, single("dilation", dilation)))


@replayed
@in_dtype_of_input
def max_pool1d_backward(
    dy: npt.ArrayLike,
    indices: npt.ArrayLike,
    input_shape: Shape,
    *,
    pool_size: Any = 2,
    stride: Any = None,
    padding: Any = "valid",
    dilation: Any = 1,
    ceil_mode: bool = False,
    data_format: str = "channels_last",
) -> Array:
    """The gradient of `max_pool1d`; see `max_pool2d_backward`.

    >>> import numpy as np, convcore
    >>> convcore.ops.max_pool1d_backward(np.ones((1, 1, 1)), np.full((1, 1, 1), 1), (1, 2, 1)).ravel().tolist()
    [0.0, 1.0]
    """
    dtype, (grad,) = as_reals(dy=dy)
    shape = shape_argument("input_shape", input_shape, 3)
    seen = planes("input_shape", shape, data_format, 1)
    words = _words(pool_size, stride, padding, ceil_mode)
    return max_pool_backward(grad, dtype, indices, shape, seen, **words, dilation=(1, single("dilation", dilation)))


@replayed
@in_dtype_of_input
def avg_pool1d(
    x: npt.ArrayLike,
    pool_size: Any = 2,
    *,
    stride: Any = None,
    padding: Any = "valid",
    ceil_mode: bool = False,
    count_include_pad: bool = False,
    divisor_override: int | None = None,
    data_format: str = "channels_last",
) -> Array:
    """`avg_pool2d` of lines; see `max_pool1d`.

    >>> import numpy as np, convcore
    >>> convcore.ops.avg_pool1d(np.array([[[1.0], [3.0], [2.0], [5.0]]])).ravel().tolist()
    [2.0, 3.5]
    """
    dtype, (lines,) = as_reals(x=x)
    seen = planes("x", lines.shape, data_format, 1)
    words = _words(pool_size, stride, padding, ceil_mode)
    return avg_pool(lines, dtype, seen, count_include_pad, divisor_override, **words)


@replayed
@in_dtype_of_input
def avg_pool1d_backward(
    dy: npt.ArrayLike,
    input_shape: Shape,
    *,
    pool_size: Any = 2,
    stride: Any = None,
    padding: Any = "valid",
    ceil_mode: bool = False,
    count_include_pad: bool = False,
    divisor_override: int | None = None,
    data_format: str = "channels_last",
) -> Array:
    """The gradient of `avg_pool1d`; see `avg_pool2d_backward`.

    >>> import numpy as np, convcore
    >>> convcore.ops.avg_pool1d_backward(np.ones((1, 1, 1)), (1, 2, 1)).ravel().tolist()
    [0.5, 0.5]
    """
    dtype, (grad,) = as_reals(dy=dy)
    shape = shape_argument("input_shape", input_shape, 3)
    seen = planes("input_shape", shape, data_format, 1)
    words = _words(pool_size, stride, padding, ceil_mode)
    return avg_pool_backward(grad, dtype, shape, seen, count_include_pad, divisor_override, **words)
