"""The maximum and the average of whole planes, and their gradients; of images (2d) and of lines (1d)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_array, as_reals
from convcore.engine import native
from convcore.ops.planes import Planes, planes
from convcore.ops.pooling import INDEX_BYTES, max_pool_backward
from convcore.ops.replaying import replayed
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

__all__ = [
    "global_avg_pool1d",
    "global_avg_pool1d_backward",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "global_max_pool1d",
    "global_max_pool1d_backward",
    "global_max_pool2d",
    "global_max_pool2d_backward",
]

Indices = npt.NDArray[np.int64]


def _geometry(seen: Planes) -> Geometry:
    return pool2d_geometry(seen.images, pool_size=(seen.height, seen.width))


@lru_cache(PROGRAMS)
def _program(g: Geometry, dtype: str, kind: str) -> native.Program:
    steps = Steps(dtype)
    planes_bytes, pixels_bytes = g.n * g.ic * steps.item_bytes, int(np.prod(g.x_shape)) * steps.item_bytes
    if kind == "avg_backward":
        pool.global_avg_pool2d_backward(
            steps, g, steps.external(planes_bytes), steps.external(pixels_bytes, written=True)
        )
        return steps.build()
    x, y = steps.external(pixels_bytes), steps.external(planes_bytes, written=True)
    if kind == "avg":
        pool.global_avg_pool2d(steps, g, x, y)
    else:
        indices = steps.external(g.n * g.ic * INDEX_BYTES, written=True) if kind == "max_indices" else None
        pool.global_max_pool2d(steps, g, x, y, indices, wide=True)
    return steps.build()


def _max(x: npt.ArrayLike, axes: int, keepdims: Any, return_indices: Any, data_format: Any) -> Any:
    dtype, (images,) = as_reals(x=x)
    seen = planes("x", images.shape, data_format, axes)
    g, with_indices = _geometry(seen), boolean("return_indices", return_indices)
    y = new_result(seen.pooled(keepdims=boolean("keepdims", keepdims)), dtype)
    results = [y, new_result(y.shape, np.int64)] if with_indices else [y]
    if g.n:
        run(_program(g, dtype, "max_indices" if with_indices else "max"), images, *results)
    return tuple(results) if with_indices else y


def _average(x: npt.ArrayLike, axes: int, keepdims: Any, data_format: Any) -> Array:
    dtype, (images,) = as_reals(x=x)
    seen = planes("x", images.shape, data_format, axes)
    g = _geometry(seen)
    y = new_result(seen.pooled(keepdims=boolean("keepdims", keepdims)), dtype)
    if g.n:
        run(_program(g, dtype, "avg"), images, y)
    return y


def _plane_gradient(dy: npt.ArrayLike, shape: Shape, axes: int, data_format: Any) -> tuple[str, Array, Planes]:
    """The dtype of dy, dy with all its axes, and how the input of `shape` is read."""
    dtype, (grad,) = as_reals(dy=dy)
    seen = planes("input_shape", shape, data_format, axes)
    if grad.shape != seen.pooled(keepdims=True):
        check_shape("dy", grad, seen.pooled(keepdims=False), "one number a plane, with or without kept axes")
    return dtype, grad.reshape(seen.pooled(keepdims=True)), seen


def _max_backward(dy: npt.ArrayLike, indices: npt.ArrayLike, input_shape: Any, axes: int, data_format: Any) -> Array:
    shape = shape_argument("input_shape", input_shape, axes + 2)
    dtype, grad, seen = _plane_gradient(dy, shape, axes, data_format)
    places = as_array("indices", indices)
    if places.shape == seen.pooled(keepdims=False):
        places = places.reshape(grad.shape)
    return max_pool_backward(grad, dtype, places, shape, seen, pool_size=(seen.height, seen.width))


def _average_backward(dy: npt.ArrayLike, input_shape: Any, axes: int, data_format: Any) -> Array:
    shape = shape_argument("input_shape", input_shape, axes + 2)
    dtype, grad, seen = _plane_gradient(dy, shape, axes, data_format)
    g, dx = _geometry(seen), new_result(shape, dtype)
    if g.n:
        run(_program(g, dtype, "avg_backward"), grad, dx)
    return dx


@replayed
@in_same_dtype_as_input
def global_max_pool2d(
    x: npt.ArrayLike, *, keepdims: bool = False, return_indices: bool = False, data_format: str = "channels_last"
) -> Array | tuple[Array, Indices]:
    """The maximum of each plane.

    Parameters: `x` (n, height, width, channels), or (n, channels, height, width) with `data_format="channels_first"`.

    Returns y (n, channels), with `keepdims` in the layout of x with one pixel; with `return_indices` also where each
    maximum lies, as `max_pool2d` has it: the first of equal maxima, the first NaN.

    >>> import numpy as np, convcore
    >>> y, indices = convcore.ops.global_max_pool2d(np.eye(3).reshape(1, 3, 3, 1)[:, :, ::-1], return_indices=True)
    >>> y.tolist(), indices.tolist()
    ([[1.0]], [[2]])
    """
    result: Array | tuple[Array, Indices] = _max(x, 2, keepdims, return_indices, data_format)
    return result


@replayed
@in_dtype_of_input
def global_max_pool2d_backward(
    dy: npt.ArrayLike, indices: npt.ArrayLike, input_shape: Shape, *, data_format: str = "channels_last"
) -> Array:
    """The gradient of `global_max_pool2d`: all of it goes to the pixel whose maximum it is of.

    Parameters: `dy` and `indices` of the shape that it returned, with or without `keepdims`; `input_shape` the shape
    of x. Returns dx of `input_shape`.

    >>> import numpy as np, convcore
    >>> convcore.ops.global_max_pool2d_backward(np.ones((1, 1)), np.full((1, 1), 2), (1, 2, 2, 1)).ravel().tolist()
    [0.0, 0.0, 1.0, 0.0]
    """
    return _max_backward(dy, indices, input_shape, 2, data_format)


@replayed
@in_dtype_of_input
def global_avg_pool2d(x: npt.ArrayLike, *, keepdims: bool = False, data_format: str = "channels_last") -> Array:
    """The mean of each plane; parameters and result as of `global_max_pool2d`.

    Sums run in chunks of fixed length, so that their error does not grow with the plane.

    >>> import numpy as np, convcore
    >>> convcore.ops.global_avg_pool2d(np.eye(2).reshape(1, 2, 2, 1)).item()
    0.5
    """
    return _average(x, 2, keepdims, data_format)


@replayed
@in_dtype_of_input
def global_avg_pool2d_backward(dy: npt.ArrayLike, input_shape: Shape, *, data_format: str = "channels_last") -> Array:
    """The gradient of `global_avg_pool2d`: an equal share for each pixel; `dy` with or without `keepdims`.

    >>> import numpy as np, convcore
    >>> convcore.ops.global_avg_pool2d_backward(np.ones((1, 1)), (1, 2, 2, 1)).ravel().tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    return _average_backward(dy, input_shape, 2, data_format)


@replayed
@in_same_dtype_as_input
def global_max_pool1d(
    x: npt.ArrayLike, *, keepdims: bool = False, return_indices: bool = False, data_format: str = "channels_last"
) -> Array | tuple[Array, Indices]:
    """`global_max_pool2d` of lines: `x` (n, length, channels), or (n, channels, length).

    >>> import numpy as np, convcore
    >>> convcore.ops.global_max_pool1d(np.array([[[1.0], [3.0], [2.0]]])).item()
    3.0
    """
    result: Array | tuple[Array, Indices] = _max(x, 1, keepdims, return_indices, data_format)
    return result


@replayed
@in_dtype_of_input
def global_max_pool1d_backward(
    dy: npt.ArrayLike, indices: npt.ArrayLike, input_shape: Shape, *, data_format: str = "channels_last"
) -> Array:
    """The gradient of `global_max_pool1d`; see `global_max_pool2d_backward`.

    >>> import numpy as np, convcore
    >>> convcore.ops.global_max_pool1d_backward(np.ones((1, 1)), np.full((1, 1), 1), (1, 3, 1)).ravel().tolist()
    [0.0, 1.0, 0.0]
    """
    return _max_backward(dy, indices, input_shape, 1, data_format)


@replayed
@in_dtype_of_input
def global_avg_pool1d(x: npt.ArrayLike, *, keepdims: bool = False, data_format: str = "channels_last") -> Array:
    """`global_avg_pool2d` of lines: `x` (n, length, channels), or (n, channels, length).

    >>> import numpy as np, convcore
    >>> convcore.ops.global_avg_pool1d(np.array([[[1.0], [3.0], [2.0]]])).item()
    2.0
    """
    return _average(x, 1, keepdims, data_format)


@replayed
@in_dtype_of_input
def global_avg_pool1d_backward(dy: npt.ArrayLike, input_shape: Shape, *, data_format: str = "channels_last") -> Array:
    """The gradient of `global_avg_pool1d`; see `global_avg_pool2d_backward`.

    >>> import numpy as np, convcore
    >>> convcore.ops.global_avg_pool1d_backward(np.ones((1, 1)), (1, 4, 1)).ravel().tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    return _average_backward(dy, input_shape, 1, data_format)
