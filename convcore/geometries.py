"""The geometry of the other convolutions: transposed ones, those of lines, borders that are not zeros, layouts; and of
images that become larger or smaller."""

from __future__ import annotations

from typing import Any

from convcore.checks import remembered, shown
from convcore.errors import ParameterError, ResourceLimitError, ShapeError
from convcore.shapes import LARGEST, MOST_ELEMENTS, Geometry, Pads, Shape, image_shape, integer, pair

__all__ = [
    "BORDERS",
    "border_mode",
    "channels_first",
    "check_resampled",
    "conv2d_transpose_geometry",
    "frame_geometry",
    "line_padding",
    "line_pixels",
    "line_shape",
    "moved_channels",
    "sides",
    "single",
    "upsample_geometry",
]

# What padding may hold; the kernels know a border by its place here.
BORDERS = ("zeros", "edge", "mirror", "symmetric", "wrap")
_OTHER_NAMES = {
    "constant": "zeros",
    "zero": "zeros",
    "fill": "zeros",
    "nearest": "edge",
    "replicate": "edge",
    "reflect_101": "mirror",
    "symm": "symmetric",
    "circular": "wrap",
    "periodic": "wrap",
}

# Elements of an image that affine maps resample.
MOST_RESAMPLED = 2**30


@remembered
def border_mode(value: Any) -> int:
    """The place of a `padding_mode` in BORDERS.

    >>> border_mode("mirror")
    2
    """
    word = value.lower() if isinstance(value, str) else value
    if isinstance(word, str) and word in BORDERS:
        return BORDERS.index(word)
    allowed = ", ".join(repr(name) for name in BORDERS)
    if isinstance(word, str) and word == "reflect":
        raise ParameterError(
            "padding_mode: 'reflect' means two things; say 'mirror' for dcb|abcd|cba (NumPy, PyTorch) or 'symmetric' "
            "for dcba|abcd|dcba (SciPy, OpenCV)."
        )
    hint = f" Did you mean {_OTHER_NAMES[word]!r}?" if isinstance(word, str) and word in _OTHER_NAMES else ""
    raise ParameterError(f"padding_mode: expected one of {allowed}, got {shown(value)}.{hint}")


@remembered
def channels_first(data_format: Any) -> bool:
    """Whether `data_format` puts the channels before the pixels."""
    word = data_format.lower() if isinstance(data_format, str) else data_format
    if isinstance(word, str) and word in ("channels_last", "channels_first"):
        return word == "channels_first"
    raise ParameterError(f"data_format: expected 'channels_last' or 'channels_first', got {shown(data_format)}.")


def moved_channels(shape: Shape, *, first: bool) -> Shape:
    """A shape (n, channels, ...) with its channels last if they stand first; a shape of less than three axes as it is.

    >>> moved_channels((8, 3, 28, 28), first=True)
    (8, 28, 28, 3)
    """
    return (shape[0], *shape[2:], shape[1]) if first and len(shape) > 2 else shape


def line_shape(name: str, shape: Shape, axes: str) -> Shape:
    """The shape of an image one pixel high (or of its weights) for that of a line, (n, length, channels)."""
    if len(shape) != 3:
        raise ShapeError(f"{name}: expected 3 dimensions ({axes}), got shape {shape}.")
    return (1, *shape) if name in ("w", "kernel_shape") else (shape[0], 1, *shape[1:])


def single(name: str, value: Any, minimum: int = 1) -> int:
    """An int, or a tuple or list of one."""
    if isinstance(value, (tuple, list)) and len(value) == 1:
        return integer(f"{name}[0]", value[0], minimum)
    return integer(name, value, minimum)


def line_padding(padding: Any, kernel: int, dilation: int) -> Any:
    """The padding of an image one pixel high for that of a line: a word, "causal" too, an int or (left, right)."""
    if isinstance(padding, str):
        if padding.lower() == "causal":
            return ((0, 0), (dilation * (kernel - 1), 0))
        if padding.lower() in ("valid", "same", "same_lower"):
            return padding
    if isinstance(padding, (str, bytes)):
        raise ParameterError(
            "padding: expected 'valid', 'same', 'same_lower', 'causal', an integer or (left, right), "
            f"got {shown(padding)}."
        )
    one = isinstance(padding, (tuple, list)) and len(padding) == 1
    return line_pixels(single("padding", padding, 0) if one else padding)


def line_pixels(padding: Any) -> Any:
    """The padding of an image one pixel high for that of a line in pixels: an int or (left, right)."""
    if not isinstance(padding, (tuple, list)):
        return (0, integer("padding", padding, 0))
    if len(padding) != 2:
        raise ParameterError(f"padding: expected an integer or two of them (left, right), got {shown(padding)}.")
    return ((0, 0), pair("padding", padding, 0))


@remembered
def conv2d_transpose_geometry(
    x_shape: Shape,
    w_shape: Shape,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    output_padding: Any = None,
    dilation: Any = 1,
    groups: Any = 1,
) -> Geometry:
    """The convolution whose gradient a transposed convolution of `x_shape` (NHWC) with weights of `w_shape`
    (height, width, channels out // groups, channels in) is: its y is our x, and its x our output."""
    parts = integer("groups", groups, 1)
    strides, dilations = pair("stride", stride), pair("dilation", dilation)
    if len(w_shape) != 4 or min(w_shape) < 1:
        raise ShapeError(
            "w: expected 4 dimensions (kernel height, kernel width, filters // groups, channels) of at least 1, "
            f"got shape {w_shape}."
        )
    kh, kw, of_group, wc = w_shape
    oc = of_group * parts
    n, ih, iw, ic = image_shape("x", x_shape)
    if ic != wc:
        raise ShapeError(
            f"x has {ic} channels (shape {x_shape}) but w takes {wc} (shape {w_shape}). Weights of a transposed "
            "convolution are (height, width, filters // groups, channels)."
        )
    if ic % parts:
        raise ShapeError(f"x has {ic} channels (shape {x_shape}), which groups={parts} does not divide.")
    reach = dilations[0] * (kh - 1) + 1, dilations[1] * (kw - 1) + 1
    full = (ih - 1) * strides[0] + reach[0], (iw - 1) * strides[1] + reach[1]
    if max(full) > LARGEST:
        raise ParameterError(
            f"stride: {strides} and windows of {reach[0]}x{reach[1]} pixels make an image of {ih}x{iw} one of "
            f"{full[0]}x{full[1]}; at most {LARGEST} are possible on each axis."
        )
    pads = _transposed_pads(padding, output_padding, reach, strides, dilations)
    oh, ow = (full[axis] - sum(pads[axis]) for axis in range(2))
    if max(oh, ow) > LARGEST or (oh > 0 and ow > 0 and oh * ow * max(oc, ic) > MOST_ELEMENTS):
        raise ResourceLimitError(f"an output of {oh}x{ow} pixels of {oc} channels exceeds {MOST_ELEMENTS} elements.")
    if min(oh, ow) < 1:
        raise ShapeError(
            f"padding {padding!r} leaves nothing of {full[0]}x{full[1]} pixels (image {ih}x{iw}, stride {strides}, "
            f"window {reach[0]}x{reach[1]}): the output would be empty."
        )
    return Geometry(n, oh, ow, oc, ih, iw, ic, kh, kw, *strides, *dilations, pads[0][0], pads[1][0], groups=parts)


def _transposed_pads(
    padding: Any,
    output_padding: Any,
    reach: tuple[int, int],
    strides: tuple[int, int],
    dilations: tuple[int, int],
) -> Pads:
    """What is cut off above and below, to the left and to the right; below nothing for what is added."""
    added = None if output_padding is None else pair("output_padding", output_padding, 0)
    if isinstance(padding, str) and padding.lower() in ("valid", "same"):
        word = padding.lower()
        rows, columns = (
            _keras_pads(word, reach[axis], strides[axis], None if added is None else added[axis]) for axis in range(2)
        )
        return rows, columns
    if isinstance(padding, (str, bytes)):
        raise ParameterError(
            "padding: expected 'valid', 'same', an integer, (height, width) or ((top, bottom), (left, right)), "
            f"got {shown(padding)}."
        )
    for axis, more in enumerate(added or ()):
        if more >= max(strides[axis], dilations[axis]):
            raise ParameterError(
                f"output_padding: must be smaller than stride or dilation, got {added} with stride {strides} and "
                f"dilation {dilations}."
            )
    more_rows, more_columns = added or (0, 0)
    if isinstance(padding, (tuple, list)) and len(padding) == 2 and isinstance(padding[0], (tuple, list)):
        top, bottom = pair("padding[0]", padding[0], 0)
        left, right = pair("padding[1]", padding[1], 0)
    else:
        top, left = bottom, right = pair("padding", padding, 0)
    return (top, bottom - more_rows), (left, right - more_columns)


def _keras_pads(word: str, reach: int, stride: int, added: int | None) -> tuple[int, int]:
    """Keras's rule: "valid" gives (size - 1) * stride + max(reach, stride) pixels and "same" size * stride, or, with
    an output padding, (size - 1) * stride + reach + added and (size - 1) * stride + reach % 2 + added."""
    if word == "valid":
        return 0, reach - max(reach, stride) if added is None else -added
    kept = stride + reach - 2 if added is None else reach + reach % 2 - 2 + added
    before = min(kept // 2 + kept % 2, reach - 1)
    return reach - 1 - before, reach - 1 - (kept - before)


def check_resampled(height: int, width: int, channels: int) -> None:
    """Refuse an image that is too large to be resampled: places in it are numbers of 32 bits."""
    if height * width * channels >= MOST_RESAMPLED:
        raise ResourceLimitError(
            f"an image of {height}x{width} pixels of {channels} channels cannot be resampled; it may have less than "
            f"{MOST_RESAMPLED} elements."
        )


def sides(name: str, value: Any) -> Pads:
    """What is added to or cut off each side of an image: an int, (height, width) or ((top, bottom), (left, right)).

    >>> sides("padding", (1, 2))
    ((1, 1), (2, 2))
    """
    if isinstance(value, (tuple, list)) and len(value) == 2 and all(isinstance(each, (tuple, list)) for each in value):
        return pair(f"{name}[0]", value[0], 0), pair(f"{name}[1]", value[1], 0)
    rows, columns = pair(name, value, 0)
    return (rows, rows), (columns, columns)


def frame_geometry(x_shape: Shape, rows: tuple[int, int], columns: tuple[int, int]) -> Geometry:
    """Images of `x_shape` (NHWC) with so many rows of zeros above and below, and columns to the left and to the right;
    where a number is negative, with so many fewer."""
    n, ih, iw, c = image_shape("x", x_shape)
    oh, ow = ih + sum(rows), iw + sum(columns)
    if min(oh, ow, *(size + cut for size, cuts in ((ih, rows), (iw, columns)) for cut in cuts)) < 1:
        cropping = tuple(tuple(-cut for cut in cuts) for cuts in (rows, columns))
        raise ShapeError(f"cropping {cropping} leaves nothing of images of {ih}x{iw} pixels.")
    return Geometry(n, ih, iw, c, *_larger(oh, ow, c), c, 1, 1, 1, 1, 1, 1, rows[0], columns[0], rows[1], columns[1])


def upsample_geometry(x_shape: Shape, size: Any) -> Geometry:
    """Images of `x_shape` (NHWC), each pixel of which becomes `size` of them: an int, or (rows, columns)."""
    n, ih, iw, c = image_shape("x", x_shape)
    kh, kw = pair("size", size)
    return Geometry(n, ih, iw, c, *_larger(ih * kh, iw * kw, c), c, kh, kw, kh, kw, 1, 1, 0, 0)


def _larger(height: int, width: int, channels: int) -> tuple[int, int]:
    if max(height, width) > LARGEST or height * width * channels > MOST_ELEMENTS:
        raise ResourceLimitError(
            f"images of {height}x{width} pixels of {channels} channels; at most {LARGEST} are possible on each axis, "
            f"and {MOST_ELEMENTS} elements."
        )
    return height, width
