"""The windows of a convolution as a matrix, and the sum that leads back."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy.typing as npt

from convcore.arrays import as_reals, in_given_dtype
from convcore.engine import native
from convcore.errors import ShapeError
from convcore.geometries import channels_first, moved_channels
from convcore.ops.convolving import outer_shape
from convcore.ops.replaying import replayed
from convcore.ops.running import PROGRAMS, Array, Shape, check_shape, new_result, run
from convcore.plans import unfold as plan
from convcore.plans.steps import Steps
from convcore.shapes import Geometry, conv2d_geometry, image_shape, pair

__all__ = ["fold", "unfold"]


@lru_cache(PROGRAMS)
def _program(g: Geometry, dtype: str, first: bool, back: bool) -> native.Program:
    steps = Steps(dtype)
    image, windows = (math.prod(shape) * steps.item_bytes for shape in (g.x_shape, _windows(g, first)))
    source = steps.external(windows if back else image)
    target = steps.external(image if back else windows, written=True)
    (plan.fold if back else plan.unfold)(steps, g, source, target, first=first)
    return steps.build()


def _windows(g: Geometry, first: bool) -> Shape:
    """The shape of the matrix of all windows of each image."""
    pixels, taps = g.oh * g.ow, g.kh * g.kw * g.ic
    return (g.n, taps, pixels) if first else (g.n, pixels, taps)


@replayed
def unfold(
    x: npt.ArrayLike,
    kernel_size: Any,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    data_format: Any = "channels_last",
) -> Array:
    """The windows that a convolution sees, each as a row of a matrix ("im2col").

    Parameters: `x` (n, height, width, channels); `kernel_size`, `stride` and `dilation`, in pixels, an int or one per
    axis; `padding` as in `conv2d`, with zeros. Returns an array (n, windows, kernel height * kernel width * channels),
    channels fastest, so that ``unfold(x, k) @ w.reshape(-1, filters)`` is the convolution. With `data_format`
    "channels_first" it is PyTorch's: x (n, channels, height, width), the result (n, channels * kernel height * kernel
    width, windows), channels slowest.

    >>> import numpy as np, convcore
    >>> image = np.arange(6, dtype=np.float32).reshape(1, 2, 3, 1)
    >>> convcore.ops.unfold(image, 2)[0].tolist()
    [[0.0, 1.0, 3.0, 4.0], [1.0, 2.0, 4.0, 5.0]]
    """
    dtype, (images,) = as_reals(x=x)
    first = channels_first(data_format)
    g = _geometry(moved_channels(images.shape, first=first), kernel_size, stride, padding, dilation)
    y = new_result(_windows(g, first), dtype)
    if g.n:
        run(_program(g, dtype, first, False), images, y)
    return in_given_dtype(y, x)


@replayed
def fold(
    y: npt.ArrayLike,
    output_size: Any,
    kernel_size: Any,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    data_format: Any = "channels_last",
) -> Array:
    """The adjoint of `unfold`: each element of a window is added to the pixel that it stands for ("col2im").

    Parameters: `y` as `unfold` returns it; `output_size` (height, width) of the images; the rest as `unfold` had it.
    Returns an array of the shape of x in `unfold`.

    >>> import numpy as np, convcore
    >>> windows = np.ones((1, 2, 4), np.float32)
    >>> convcore.ops.fold(windows, (2, 3), 2)[0, :, :, 0].tolist()
    [[1.0, 2.0, 1.0], [1.0, 2.0, 1.0]]
    """
    dtype, (windows,) = as_reals(y=y)
    first = channels_first(data_format)
    size, kernel = pair("output_size", output_size), pair("kernel_size", kernel_size)
    taps = kernel[0] * kernel[1]
    if windows.ndim != 3 or windows.shape[1 if first else 2] % taps or not windows.shape[1 if first else 2]:
        axes = "(n, channels * taps, windows)" if first else "(n, windows, taps * channels)"
        raise ShapeError(
            f"y: expected {axes} with {taps} taps of kernel_size {kernel} for each channel, got shape {windows.shape}."
        )
    channels = windows.shape[1 if first else 2] // taps
    g = _geometry((windows.shape[0], *size, channels), kernel, stride, padding, dilation)
    check_shape("y", windows, _windows(g, first), "what unfold returns for images of this output_size")
    x = new_result(outer_shape(g.x_shape, first), dtype)
    if g.n:
        run(_program(g, dtype, first, True), windows, x)
    return in_given_dtype(x, y)


def _geometry(shape: Shape, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> Geometry:
    channels = image_shape("x", shape)[3]
    w_shape = (*pair("kernel_size", kernel_size), channels, 1)
    return conv2d_geometry(shape, w_shape, stride=stride, padding=padding, dilation=dilation)
