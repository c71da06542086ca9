"""Average pooling and its gradient."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_reals
from convcore.engine import native
from convcore.errors import ParameterError
from convcore.ops.planes import Planes, planes
from convcore.ops.replaying import replayed
from convcore.ops.running import PROGRAMS, Array, Shape, boolean, check_shape, in_dtype_of_input, new_result, run
from convcore.plans import pool
from convcore.plans.steps import Steps
from convcore.shapes import LARGEST, Geometry, integer, pool2d_geometry, shape_argument

__all__ = ["avg_pool", "avg_pool2d", "avg_pool2d_backward", "avg_pool_backward"]


@lru_cache(PROGRAMS)
def _program(g: Geometry, dtype: str, backward: bool, count_include_pad: bool, divisor: int) -> native.Program:
    steps = Steps(dtype)
    shapes = (g.y_shape, g.x_shape) if backward else (g.x_shape, g.y_shape)
    source, to = (int(np.prod(shape)) * steps.item_bytes for shape in shapes)
    add = pool.avg_pool2d_backward if backward else pool.avg_pool2d
    buffers = steps.external(source), steps.external(to, written=True)
    add(steps, g, *buffers, count_include_pad=count_include_pad, divisor=divisor)
    return steps.build()


def _divisor(value: Any) -> int:
    """`divisor_override` as an int; 0 stands for None, the number of pixels."""
    if value is None:
        return 0
    divisor = integer("divisor_override", value, -LARGEST)
    if divisor == 0:
        raise ParameterError("divisor_override: expected an integer other than 0, or None for the number of pixels.")
    return divisor


def avg_pool(
    x: Array, dtype: str, seen: Planes, count_include_pad: Any, divisor_override: Any, **geometry: Any
) -> Array:
    """`avg_pool2d` of a checked array, which is read as `seen`."""
    g = pool2d_geometry(seen.images, **geometry)
    counted, divisor = boolean("count_include_pad", count_include_pad), _divisor(divisor_override)
    y = new_result(seen.shape(g.oh, g.ow), dtype)
    if g.n:
        run(_program(g, dtype, False, counted, divisor), x, y)
    return y


@replayed
@in_dtype_of_input
def avg_pool2d(
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
    """The mean of each window.

    Parameters: `x`, `pool_size`, `stride`, `padding`, `ceil_mode` and `data_format` as in `max_pool2d`. A window's sum
    is divided by the number of its pixels in the image (Keras's rule), with `count_include_pad` of those in the padded
    image (PyTorch's default), or by `divisor_override`, an integer other than 0.

    Returns an array (n, output height, output width, channels) in the layout of x. Raises `ShapeError`,
    `ParameterError` or `DTypeError`.

    >>> import numpy as np, convcore
    >>> x = np.array([[1, 5], [7, 3]], np.float32).reshape(1, 2, 2, 1)
    >>> convcore.ops.avg_pool2d(x, 2).item()
    4.0
    """
    dtype, (images,) = as_reals(x=x)
    seen = planes("x", images.shape, data_format)
    words = {"pool_size": pool_size, "stride": stride, "padding": padding}
    ceil = boolean("ceil_mode", ceil_mode)
    return avg_pool(images, dtype, seen, count_include_pad, divisor_override, **words, ceil_mode=ceil)


def avg_pool_backward(
    dy: Array,
    dtype: str,
    input_shape: Shape,
    seen: Planes,
    count_include_pad: Any,
    divisor_override: Any,
    **geometry: Any,
) -> Array:
    """`avg_pool2d_backward` of a checked array, of an input that is read as `seen`."""
    g = pool2d_geometry(seen.images, **geometry)
    counted, divisor = boolean("count_include_pad", count_include_pad), _divisor(divisor_override)
    check_shape("dy", dy, seen.shape(g.oh, g.ow), "what the pool returns for this input_shape")
    dx = new_result(input_shape, dtype)
    if g.n:
        run(_program(g, dtype, True, counted, divisor), dy, dx)
    return dx


@replayed
@in_dtype_of_input
def avg_pool2d_backward(
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
    """The gradient of `avg_pool2d`: each pixel gets its share of `dy` from every window that it lies in.

    Parameters: `dy` (n, output height, output width, channels); `input_shape` the shape of x; the rest as `avg_pool2d`
    had it. Returns dx of `input_shape`.

    >>> import numpy as np, convcore
    >>> convcore.ops.avg_pool2d_backward(np.full((1, 1, 1, 1), 4, np.float32), (1, 2, 2, 1))[0, :, :, 0].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    dtype, (grad,) = as_reals(dy=dy)
    shape = shape_argument("input_shape", input_shape, 4)
    seen = planes("input_shape", shape, data_format)
    words = {"pool_size": pool_size, "stride": stride, "padding": padding}
    ceil = boolean("ceil_mode", ceil_mode)
    return avg_pool_backward(grad, dtype, shape, seen, count_include_pad, divisor_override, **words, ceil_mode=ceil)
