"""Integer maths of shapes: strides, padding, output sizes. The only module that judges shapes and geometry.

Rules are those of Keras (`"valid"`, `"same"`) and PyTorch (explicit padding, indices); sizes are Python integers,
so nothing here can overflow.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from convcore.checks import remembered, shown
from convcore.errors import ParameterError, ResourceLimitError, ShapeError

__all__ = ["Geometry", "conv2d_geometry", "integer", "pair", "pool2d_geometry", "resolve_padding"]

Shape = tuple[int, ...]
Pads = tuple[tuple[int, int], tuple[int, int]]

LARGEST = 2**31 - 1
# Elements of one padded image: the kernels' arithmetic in 64 bits holds this, and no machine does.
MOST_ELEMENTS = 2**48


@dataclass(frozen=True, slots=True)
class Geometry:
    """One checked problem of convolution or pooling; the names are those of the kernels."""

    n: int
    ih: int
    iw: int
    ic: int
    oh: int
    ow: int
    oc: int
    kh: int
    kw: int
    sh: int
    sw: int
    dh: int
    dw: int
    pt: int
    pl: int
    pb: int = 0
    pr: int = 0
    groups: int = 1
    # What the padding holds: a place in geometries.BORDERS.
    border: int = 0

    @property
    def x_shape(self) -> Shape:
        return (self.n, self.ih, self.iw, self.ic)

    @property
    def w_shape(self) -> Shape:
        return (self.kh, self.kw, self.ic // self.groups, self.oc)

    @property
    def y_shape(self) -> Shape:
        return (self.n, self.oh, self.ow, self.oc)

    @property
    def w_size(self) -> int:
        return math.prod(self.w_shape)

    @property
    def multiply_adds(self) -> int:
        return self.n * self.oh * self.ow * self.w_size

    def with_batch(self, n: int) -> Geometry:
        return replace(self, n=n)

    def resized(self, *, ih: int, iw: int, oh: int, ow: int) -> Geometry:
        """The same operation on another part of the image."""
        return replace(self, ih=ih, iw=iw, oh=oh, ow=ow)

    def fields(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}


def integer(name: str, value: Any, minimum: int, maximum: int = LARGEST) -> int:
    """`value` as an int in ``[minimum, maximum]``; bool, float and str are refused."""
    allowed = f"an integer from {minimum} to {maximum}"
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise ParameterError(f"{name}: expected {allowed}, got {shown(value)} of type {type(value).__name__}.")
    try:
        number = operator.index(value)
    except TypeError:
        raise ParameterError(f"{name}: expected {allowed}, got {shown(value)}.") from None
    if not minimum <= number <= maximum:
        raise ParameterError(f"{name}: expected {allowed}, got {shown(number)}.")
    return number


def pair(name: str, value: Any, minimum: int = 1) -> tuple[int, int]:
    """An int for both axes, or a tuple or list of two."""
    if not isinstance(value, (tuple, list)):
        number = integer(name, value, minimum)
        return number, number
    if len(value) != 2:
        raise ParameterError(f"{name}: expected an integer or two of them (height, width), got {shown(value)}.")
    return integer(f"{name}[0]", value[0], minimum), integer(f"{name}[1]", value[1], minimum)


def resolve_padding(
    padding: Any, size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> Pads:
    """Rows and columns of padding ``((top, bottom), (left, right))`` for an image of `size`.

    `"same"` is Keras's rule: ``ceil(size / stride)`` outputs, the odd pixel below and to the right; `"same_lower"` has
    it above and to the left.
    """
    if isinstance(padding, str):
        word = padding.lower()
        if word == "valid":
            return (0, 0), (0, 0)
        if word in {"same", "same_lower"}:
            less, more = _same_padding(size[0], kernel[0], stride[0], dilation[0])
            narrow, wide = _same_padding(size[1], kernel[1], stride[1], dilation[1])
            return ((less, more), (narrow, wide)) if word == "same" else ((more, less), (wide, narrow))
    if isinstance(padding, (str, bytes)):
        raise ParameterError(
            "padding: expected 'valid', 'same', 'same_lower', an integer, (height, width) or "
            f"((top, bottom), (left, right)), got {shown(padding)}."
        )
    if _is_by_side(padding):
        rows, columns = pair("padding[0]", padding[0], 0), pair("padding[1]", padding[1], 0)
        return rows, columns
    height, width = pair("padding", padding, 0)
    return (height, height), (width, width)


def _is_by_side(padding: Any) -> bool:
    """Whether `padding` is of the form ((top, bottom), (left, right))."""
    return (
        isinstance(padding, (tuple, list))
        and len(padding) == 2
        and all(isinstance(side, (tuple, list)) for side in padding)
    )


def _same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    total = max(0, (-(-size // stride) - 1) * stride + dilation * (kernel - 1) + 1 - size)
    return total // 2, total - total // 2


def _output_size(
    size: int, before: int, after: int, kernel: int, stride: int, dilation: int, ceil_mode: bool = False
) -> int:
    last = size + before + after - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return last // stride + 1
    outputs = -(-last // stride) + 1
    return outputs - 1 if (outputs - 1) * stride >= size + before else outputs


def _four(name: str, shape: Shape, axes: str, hint: str) -> tuple[int, int, int, int]:
    if len(shape) != 4:
        raise ShapeError(f"{name}: expected 4 dimensions ({axes}), got shape {shape}. {hint}")
    a, b, c, d = shape
    return a, b, c, d


def image_shape(name: str, shape: Shape) -> tuple[int, int, int, int]:
    """(n, height, width, channels) with at least one pixel and channel; the batch may be empty."""
    hint = f"For one image add the batch axis: {name}[None]." if len(shape) == 3 else "Images are NHWC."
    n, h, w, c = _four(name, shape, "n, height, width, channels", hint)
    if min(h, w, c) < 1:
        raise ShapeError(f"{name}: height, width and channels must be at least 1, got shape {shape}.")
    return n, h, w, c


def shape_argument(name: str, value: Any, rank: int) -> Shape:
    """A shape given as a tuple or list of `rank` sizes."""
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)) or len(value) != rank:
        raise ShapeError(f"{name}: expected {rank} sizes, got {shown(value)}.")
    return tuple(integer(f"{name}[{i}]", size, 0) for i, size in enumerate(value))


def axes_order(name: str, value: Any, rank: int, first: int = 0) -> Shape:
    """`value` as an order of `rank` axes, each named once; they count from `first`, and from 0 in the result."""
    allowed = f"the integers from {first} to {first + rank - 1}, each once"
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)) or len(value) != rank:
        raise ParameterError(f"{name}: expected {allowed}, got {shown(value)}.")
    axes = tuple(integer(f"{name}[{i}]", axis, first, first + rank - 1) - first for i, axis in enumerate(value))
    if len(set(axes)) != rank:
        raise ParameterError(f"{name}: expected {allowed}, got {shown(value)}.")
    return axes


@remembered
def conv2d_geometry(
    x_shape: Shape,
    w_shape: Shape,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: Any = 1,
) -> Geometry:
    """The checked geometry of a convolution of images of `x_shape` (NHWC) with weights of `w_shape` (HWIO)."""
    strides, dilations = pair("stride", stride), pair("dilation", dilation)
    parts = integer("groups", groups, 1)
    kh, kw, wc, oc = _four("w", w_shape, "kernel height, kernel width, channels, filters", "Weights are HWIO.")
    if min(kh, kw, wc, oc) < 1:
        raise ShapeError(
            f"w: kernel height, kernel width, channels and filters must be at least 1, got shape {w_shape}."
        )
    n, ih, iw, ic = image_shape("x", x_shape)
    if ic != wc * parts:
        taken = f"{wc}" if parts == 1 else f"{wc} in each of {parts} groups"
        raise ShapeError(f"x has {ic} channels (shape {x_shape}) but w takes {taken} (shape {w_shape}).")
    if oc % parts:
        raise ShapeError(f"w has {oc} filters (shape {w_shape}), which groups={parts} does not divide.")
    pads = resolve_padding(padding, (ih, iw), (kh, kw), strides, dilations)
    return replace(_geometry(n, (ih, iw), ic, oc, (kh, kw), strides, dilations, pads), groups=parts)


@remembered
def pool2d_geometry(
    x_shape: Shape,
    *,
    pool_size: Any = 2,
    stride: Any = None,
    padding: Any = "valid",
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Geometry:
    """The checked geometry of pooling; `stride` defaults to `pool_size`, and every window must hold a pixel.

    Explicit padding is at most half a window (PyTorch's rule), given side by side less than a window (ONNX's). With
    `ceil_mode` a last window may reach beyond the padded image, if it begins in the image or in the padding
    before it (PyTorch's rule).
    """
    window, dilations = pair("pool_size", pool_size), pair("dilation", dilation)
    strides = window if stride is None else pair("stride", stride)
    n, ih, iw, ic = image_shape("x", x_shape)
    if ih * iw > LARGEST:
        raise ShapeError(f"x: a plane of {ih}x{iw} pixels cannot be pooled; indices reach {LARGEST} pixels. Cut it.")
    pads = resolve_padding(padding, (ih, iw), window, strides, dilations)
    by_side = _is_by_side(padding)
    for axis, size, d in zip(pads, window, dilations, strict=True):
        if max(axis) > (d * (size - 1) if by_side else (d * (size - 1) + 1) // 2):
            most = "less than" if by_side else "at most half of"
            dilated = "" if dilations == (1, 1) else f" with dilation {dilations}"
            raise ParameterError(
                f"padding: {most} pool_size {window}{dilated}, got {pads}. A window must hold a pixel."
            )
    g = _geometry(n, (ih, iw), ic, ic, window, strides, dilations, pads, ceil_mode=ceil_mode)
    rows, columns = (ih, g.oh, g.pt, g.sh, g.dh), (iw, g.ow, g.pl, g.sw, g.dw)
    for size, outputs, before, s, d in (rows, columns):
        if size < d and any((o * s - before) % d >= size for o in range(min(outputs, -(-before // s)))):
            raise ParameterError(
                f"dilation: with {dilations} and padding {pads} a window would hold no pixel of an image of {ih}x{iw}."
            )
    return g


def _geometry(
    n: int,
    size: tuple[int, int],
    ic: int,
    oc: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    pads: Pads,
    *,
    ceil_mode: bool = False,
) -> Geometry:
    reach = tuple(dilation[i] * (kernel[i] - 1) + 1 for i in range(2))
    if max(reach) > LARGEST:
        raise ParameterError(
            f"dilation: with a kernel of {kernel[0]}x{kernel[1]} and dilation {dilation} the window spans "
            f"{reach[0]}x{reach[1]} pixels; at most {LARGEST} are possible on each axis."
        )
    padded = tuple(size[i] + sum(pads[i]) for i in range(2))
    if max(padded) > LARGEST:
        raise ParameterError(
            f"padding: {pads} makes an image of {size[0]}x{size[1]} one of {padded[0]}x{padded[1]} pixels; "
            f"at most {LARGEST} are possible on each axis."
        )
    if padded[0] * padded[1] * ic > MOST_ELEMENTS:
        raise ResourceLimitError(
            f"an image padded to {padded[0]}x{padded[1]} pixels of {ic} channels exceeds {MOST_ELEMENTS} elements."
        )
    oh, ow = (_output_size(size[i], *pads[i], kernel[i], stride[i], dilation[i], ceil_mode) for i in range(2))
    if min(oh, ow) < 1:
        raise ShapeError(
            f"the window of {reach[0]}x{reach[1]} pixels is larger than the padded image of {padded[0]}x{padded[1]} "
            f"(image {size[0]}x{size[1]}, padding {pads}): the output would be empty."
        )
    before, after = zip(*pads, strict=True)
    return Geometry(n, *size, ic, oh, ow, oc, *kernel, *stride, *dilation, *before, *after)
