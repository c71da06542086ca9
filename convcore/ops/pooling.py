"""Max pooling and its gradient."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_indices, as_reals
from convcore.engine import native
from convcore.errors import ShapeError
from convcore.ops.planes import Planes, planes
from convcore.ops.replaying import noted_check, replayed
from convcore.ops.running import (
    PROGRAMS,
    Array,
    Shape,
    boolean,
    check_shape,
    in_dtype_of_input,
    in_same_dtype_as_input,
    new_result,
    run,
)
from convcore.plans import pool
from convcore.plans.steps import Steps
from convcore.shapes import Geometry, pool2d_geometry, shape_argument

__all__ = ["checked_indices", "max_pool", "max_pool2d", "max_pool2d_backward", "max_pool_backward"]

INDEX_BYTES = 8


@lru_cache(PROGRAMS)
def _max_pool2d_program(g: Geometry, dtype: str, with_indices: bool) -> native.Program:
    steps = Steps(dtype)
    x = steps.external(int(np.prod(g.x_shape)) * steps.item_bytes)
    outputs = int(np.prod(g.y_shape))
    y = steps.external(outputs * steps.item_bytes, written=True)
    indices = steps.external(outputs * INDEX_BYTES, written=True) if with_indices else None
    pool.max_pool2d(steps, g, x, y, indices, wide=True)
    return steps.build()


def max_pool(
    x: Array, dtype: str, seen: Planes, return_indices: Any, **geometry: Any
) -> Array | tuple[Array, npt.NDArray[np.int64]]:
    """`max_pool2d` of a checked array, which is read as `seen`."""
    g = pool2d_geometry(seen.images, **geometry)
    with_indices = boolean("return_indices", return_indices)
    y = new_result(seen.shape(g.oh, g.ow), dtype)
    if not with_indices:
        if g.n:
            run(_max_pool2d_program(g, dtype, False), x, y)
        return y
    indices = new_result(y.shape, np.int64)
    if g.n:
        run(_max_pool2d_program(g, dtype, True), x, y, indices)
    return y, indices


@replayed
@in_same_dtype_as_input
def max_pool2d(
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
    """The maximum of each window.

    Parameters: `x` (n, height, width, channels), or (n, channels, height, width) with `data_format="channels_first"`;
    `pool_size`, `stride` (default: `pool_size`) and `dilation`, in pixels, an int or one per axis; `padding` as in
    `conv2d`, and it counts as -inf, at most half a window, or less than a window as ((top, bottom), (left, right));
    `ceil_mode` keeps a last window that reaches beyond the padded image (PyTorch's rule).

    Returns y (n, output height, output width, channels) in the layout of x, with `return_indices` also where each
    maximum lies: int64, flat in the plane of its image and channel (row * width + column). The first of equal maxima
    wins; a NaN wins over every number, and the first NaN over later ones (PyTorch takes the last). Raises
    `ShapeError`, `ParameterError` or `DTypeError`.

    >>> import numpy as np, convcore
    >>> x = np.array([[1, 5], [7, 2]], np.float32).reshape(1, 2, 2, 1)
    >>> y, indices = convcore.ops.max_pool2d(x, 2, return_indices=True)
    >>> y.item(), indices.item()
    (7.0, 2)
    """
    dtype, (images,) = as_reals(x=x)
    seen = planes("x", images.shape, data_format)
    words = {"pool_size": pool_size, "stride": stride, "padding": padding, "dilation": dilation}
    return max_pool(images, dtype, seen, return_indices, **words, ceil_mode=boolean("ceil_mode", ceil_mode))


@lru_cache(PROGRAMS)
def _max_pool2d_backward_program(g: Geometry, dtype: str) -> native.Program:
    steps = Steps(dtype)
    outputs = int(np.prod(g.y_shape))
    dy, indices = steps.external(outputs * steps.item_bytes), steps.external(outputs * INDEX_BYTES)
    dx = steps.external(int(np.prod(g.x_shape)) * steps.item_bytes, written=True)
    pool.max_pool2d_backward(steps, g, dy, indices, dx, wide=True)
    return steps.build()


def checked_indices(indices: npt.ArrayLike, shape: Shape, plane: tuple[int, int]) -> npt.NDArray[np.int64]:
    """`indices` as int64 of `shape`, each of them in a plane of so many rows and columns."""
    places = as_indices("indices", indices)
    check_shape("indices", places, shape, "that of the values")
    noted_check(_require_in_plane, places, *plane)
    return places


def _require_in_plane(places: npt.NDArray[np.int64], height: int, width: int) -> None:
    """Refuse indices of which one is in no plane of so many pixels."""
    pixels = height * width
    # As unsigned numbers, negative ones are beyond every plane.
    if places.size and np.maximum.reduce(places.view(np.uint64), axis=None) >= pixels:
        at = tuple(int(i) for i in np.argwhere((places < 0) | (places >= pixels))[0])
        raise ShapeError(
            f"indices{list(at)} is {places[at]}: outside the plane of {height}x{width} pixels, 0 to {pixels - 1}."
        )


def max_pool_backward(
    dy: Array, dtype: str, indices: npt.ArrayLike, input_shape: Shape, seen: Planes, **geometry: Any
) -> Array:
    """`max_pool2d_backward` of a checked array, of an input that is read as `seen`."""
    g = pool2d_geometry(seen.images, **geometry)
    check_shape("dy", dy, seen.shape(g.oh, g.ow), "what the pool returns for this input_shape")
    places = checked_indices(indices, dy.shape, (g.ih, g.iw))
    dx = new_result(input_shape, dtype)
    if g.n:
        run(_max_pool2d_backward_program(g, dtype), dy, places, dx)
    return dx


@replayed
@in_dtype_of_input
def max_pool2d_backward(
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
    """The gradient of `max_pool2d`: each element of `dy` is added to the pixel whose maximum it is of.

    Parameters: `dy` and `indices` (n, output height, output width, channels), indices as `max_pool2d` returns them;
    `input_shape` the shape of x; the rest as `max_pool2d` had it. Returns dx of `input_shape`. An index outside the
    plane raises `ShapeError`.

    >>> import numpy as np, convcore
    >>> dy, indices = np.full((1, 1, 1, 1), 3, np.float32), np.full((1, 1, 1, 1), 2)
    >>> convcore.ops.max_pool2d_backward(dy, indices, (1, 2, 2, 1))[0, :, :, 0].tolist()
    [[0.0, 0.0], [3.0, 0.0]]
    """
    dtype, (grad,) = as_reals(dy=dy)
    shape = shape_argument("input_shape", input_shape, 4)
    seen = planes("input_shape", shape, data_format)
    words = {"pool_size": pool_size, "stride": stride, "padding": padding, "dilation": dilation}
    return max_pool_backward(grad, dtype, indices, shape, seen, **words, ceil_mode=boolean("ceil_mode", ceil_mode))
