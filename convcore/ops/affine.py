"""Images resampled by affine maps, and the gradient of that."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_array, as_reals
from convcore.checks import shown
from convcore.engine import native
from convcore.errors import NotSupportedError, ParameterError, ShapeError
from convcore.geometries import check_resampled
from convcore.ops.planes import Planes, planes
from convcore.ops.replaying import noted_check, replayed
from convcore.ops.running import PROGRAMS, Array, Shape, in_dtype_of_input, new_result, run
from convcore.plans import affine as plan
from convcore.plans.affine import INTERPOLATIONS, MAP, Resampling
from convcore.plans.steps import Steps
from convcore.shapes import pair

__all__ = ["FILL_MODES", "affine_transform", "affine_transform_backward"]

# Keras's words for what is outside of an image, as places in geometries.BORDERS.
FILL_MODES = {"constant": 0, "nearest": 1, "mirror": 2, "reflect": 3, "wrap": 4}


def _member(name: str, value: Any, allowed: Any) -> str:
    if isinstance(value, str) and value in allowed:
        return value
    raise ParameterError(f"{name}: expected one of {', '.join(map(repr, allowed))}, got {shown(value)}.")


@lru_cache(PROGRAMS)
def _program(r: Resampling, dtype: str, backward: bool) -> native.Program:
    steps = Steps(dtype)
    pixels, outputs = r.n * r.ih * r.iw * r.channels * steps.item_bytes, r.outputs * steps.item_bytes
    source = steps.external(outputs if backward else pixels)
    maps = steps.external(r.maps * MAP * steps.item_bytes)
    target = steps.external(pixels if backward else outputs, written=True)
    (plan.affine_backward if backward else plan.affine)(steps, r, source, maps, target)
    return steps.build()


def _require_affine(maps: Array) -> None:
    """Refuse maps that are not finite, and projective ones."""
    if not np.isfinite(maps).all():
        raise ParameterError("transform: expected finite numbers.")
    if maps[..., 6:].any():
        raise NotSupportedError(
            "convcore does not implement projective transforms (supported: the last two of the eight numbers are 0)"
        )


def _resampling(
    seen: Planes, size: tuple[int, int], maps: Array, interpolation: Any, fill_mode: Any, fill_value: Any
) -> Resampling:
    """The problem, checked; `maps` are of shape (8,), (1, 8) or (n, 8)."""
    if maps.shape not in {(MAP,), (1, MAP), (seen.n, MAP)}:
        raise ShapeError(f"transform: expected shape (8,) or ({seen.n}, 8), got {maps.shape}.")
    noted_check(_require_affine, maps)
    if isinstance(fill_value, bool) or not isinstance(fill_value, (int, float, np.integer, np.floating)):
        raise ParameterError(f"fill_value: expected a number, got {shown(fill_value)}.")
    n, height, width, channels = seen.images
    check_resampled(height, width, channels)
    check_resampled(*size, channels)
    count = maps.size // MAP
    return Resampling(
        n, height, width, channels, *size, count, max(1, n // count) if count else 1,
        _member("interpolation", interpolation, INTERPOLATIONS),
        FILL_MODES[_member("fill_mode", fill_mode, FILL_MODES)], float(fill_value),
    )  # fmt: skip


@replayed
@in_dtype_of_input
def affine_transform(
    images: npt.ArrayLike,
    transform: npt.ArrayLike,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str = "channels_last",
    *,
    size: Any = None,
) -> Array:
    """Images of which each pixel (column, row) shows what is at (a0 column + a1 row + a2, b0 column + b1 row + b2).

    Parameters: `images` (n, height, width, channels), or channels first; `transform` (a0, a1, a2, b0, b1, b2, 0, 0) for
    all images, or (n, 8); `interpolation` "bilinear" or "nearest"; `fill_mode`, what is outside: "constant" (the number
    `fill_value`), "nearest" aaa|abcd|ddd, "reflect" cba|abcd|dcb, "mirror" dcb|abcd|cba, "wrap" bcd|abcd|abc; `size`
    (height, width) of the result, that of the images if None.

    Raises `ShapeError` where shapes do not fit, `ParameterError` for a transform that is not finite, and
    `NotSupportedError` for a projective one. Source: Keras's `ops.image.affine_transform`.

    >>> import numpy as np, convcore
    >>> image = np.arange(4.0).reshape(1, 1, 4, 1)
    >>> convcore.ops.affine_transform(image, [1, 0, 0.5, 0, 1, 0, 0, 0], fill_mode="nearest").ravel().tolist()
    [0.5, 1.5, 2.5, 3.0]
    """
    dtype, (x, maps) = as_reals(images=images, transform=_in_dtype(transform, images))
    seen = planes("images", x.shape, data_format)
    height, width = (seen.height, seen.width) if size is None else pair("size", size)
    r = _resampling(seen, (height, width), maps, interpolation, fill_mode, fill_value)
    y = new_result(seen.shape(height, width), dtype)
    if y.size:
        run(_program(r, dtype, False), x, maps, y)
    return y


@replayed
@in_dtype_of_input
def affine_transform_backward(
    dy: npt.ArrayLike,
    transform: npt.ArrayLike,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    data_format: str = "channels_last",
    *,
    size: Any = None,
) -> Array:
    """The gradient of `affine_transform` with respect to the images: each pixel's goes to those that it was made of.

    Parameters: `dy` of the shape of the result; the others as `affine_transform` had them, but that `size` is the
    (height, width) of the images, that of dy if None. Returns dx of the shape of the images.

    >>> import numpy as np, convcore
    >>> dy = np.arange(4.0).reshape(1, 1, 4, 1)
    >>> convcore.ops.affine_transform_backward(dy, [1, 0, 0.5, 0, 1, 0, 0, 0]).ravel().tolist()
    [0.0, 0.5, 1.5, 2.5]
    """
    dtype, (grad, maps) = as_reals(dy=dy, transform=_in_dtype(transform, dy))
    seen = planes("dy", grad.shape, data_format)
    height, width = (seen.height, seen.width) if size is None else pair("size", size)
    images: Shape = seen.shape(height, width)
    r = _resampling(planes("size", images, data_format), (seen.height, seen.width), maps, interpolation, fill_mode, 0.0)
    dx = new_result(images, dtype)
    if dx.size:
        run(_program(r, dtype, True), grad, maps, dx)
    return dx


def _in_dtype(transform: npt.ArrayLike, images: npt.ArrayLike) -> Array:
    """A transform in the dtype in which `images` are computed."""
    wide = getattr(images, "dtype", None) == np.float64
    return as_array("transform", transform).astype(np.float64 if wide else np.float32, copy=False)
