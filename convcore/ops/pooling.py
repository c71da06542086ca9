"""Max pooling and its gradient."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_indices, as_reals
from convcore.engine import native
from convcore.errors import ShapeError
from convcore.ops.running import PROGRAMS, Array, Shape, boolean, check_shape, new_result, run
from convcore.plans import pool
from convcore.plans.steps import Steps
from convcore.shapes import Geometry, pool2d_geometry, shape_argument

__all__ = ["max_pool2d", "max_pool2d_backward"]


@lru_cache(PROGRAMS)
def _max_pool2d_program(g: Geometry, dtype: str, with_indices: bool) -> native.Program:
    steps = Steps(dtype)
    x = steps.external(int(np.prod(g.x_shape)) * steps.item_bytes)
    outputs = int(np.prod(g.y_shape))
    y = steps.external(outputs * steps.item_bytes, written=True)
    pool.max_pool2d(steps, g, x, y, steps.external(outputs * 4, written=True) if with_indices else None)
    return steps.build()


def max_pool2d(
    x: npt.ArrayLike, pool_size: Any = 2, *, stride: Any = None, padding: Any = "valid", return_indices: bool = False
) -> Array | tuple[Array, npt.NDArray[np.int64]]:
    """The maximum of each window.

    Parameters: `x` (n, height, width, channels); `pool_size` and `stride` (default: `pool_size`), in pixels, an int or
    one per axis; `padding` as in `conv2d`, at most half a window, and it counts as -inf.

    Returns y (n, output height, output width, channels), with `return_indices` also where each maximum lies: int64,
    flat in the plane of its image and channel (row * width + column). The first of equal maxima wins; a NaN wins over
    every number, and the first NaN over later ones (PyTorch takes the last).

    >>> import numpy as np, convcore
    >>> x = np.array([[1, 5], [7, 2]], np.float32).reshape(1, 2, 2, 1)
    >>> y, indices = convcore.ops.max_pool2d(x, 2, return_indices=True)
    >>> y.item(), indices.item()
    (7.0, 2)
    """
    dtype, (images,) = as_reals(x=x)
    g = pool2d_geometry(images.shape, pool_size=pool_size, stride=stride, padding=padding)
    with_indices = boolean("return_indices", return_indices)
    y = new_result(g.y_shape, dtype)
    outputs = [y, new_result(g.y_shape, np.int32)] if with_indices else [y]
    if g.n:
        run(_max_pool2d_program(g, dtype, with_indices), images, *outputs)
    return (y, outputs[1].astype(np.int64)) if with_indices else y


@lru_cache(PROGRAMS)
def _max_pool2d_backward_program(g: Geometry, dtype: str) -> native.Program:
    steps = Steps(dtype)
    outputs = int(np.prod(g.y_shape))
    dy, indices = steps.external(outputs * steps.item_bytes), steps.external(outputs * 4)
    pool.max_pool2d_backward(
        steps, g, dy, indices, steps.external(int(np.prod(g.x_shape)) * steps.item_bytes, written=True)
    )
    return steps.build()


def max_pool2d_backward(
    dy: npt.ArrayLike,
    indices: npt.ArrayLike,
    input_shape: Shape,
    *,
    pool_size: Any = 2,
    stride: Any = None,
    padding: Any = "valid",
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
    places = as_indices("indices", indices)
    g = pool2d_geometry(
        shape_argument("input_shape", input_shape, 4), pool_size=pool_size, stride=stride, padding=padding
    )
    check_shape("dy", grad, g.y_shape, "what max_pool2d returns for this input_shape")
    check_shape("indices", places, g.y_shape, "that of dy")
    outside = (places < 0) | (places >= g.ih * g.iw)
    if outside.any():
        at = tuple(int(i) for i in np.argwhere(outside)[0])
        raise ShapeError(
            f"indices{list(at)} is {places[at]}: outside the plane of {g.ih}x{g.iw} pixels, 0 to {g.ih * g.iw - 1}."
        )
    dx = new_result(g.x_shape, dtype)
    if g.n:
        run(_max_pool2d_backward_program(g, dtype), grad, places.astype(np.int32), dx)
    return dx
