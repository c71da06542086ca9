"""Maps of every layout as the pools see them: (n, height, width, channels).

A map whose channels come first is, without a copy, a batch of planes of one channel; a line of pixels is an image one
pixel high.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convcore.checks import remembered, shown
from convcore.errors import ParameterError, ShapeError
from convcore.geometries import channels_first
from convcore.ops.running import Shape
from convcore.shapes import integer

__all__ = ["Planes", "line", "line_padding", "planes"]


@dataclass(frozen=True, slots=True)
class Planes:
    """A map's batch, channels and pixels, as its shape gave them; `axes` says how many axes of pixels it has."""

    n: int
    channels: int
    height: int
    width: int
    axes: int
    first: bool

    @property
    def images(self) -> Shape:
        """The shape of the same elements for a pool."""
        pixels = (self.height, self.width)
        return (self.n * self.channels, *pixels, 1) if self.first else (self.n, *pixels, self.channels)

    def shape(self, height: int, width: int) -> Shape:
        """The shape of a map of so many pixels in this layout."""
        pixels = (height, width)[2 - self.axes :]
        return (self.n, self.channels, *pixels) if self.first else (self.n, *pixels, self.channels)

    def pooled(self, *, keepdims: bool) -> Shape:
        """The shape of one number a plane."""
        return self.shape(1, 1) if keepdims else (self.n, self.channels)


@remembered
def planes(name: str, shape: Shape, data_format: Any, axes: int = 2) -> Planes:
    """How a map of `shape` is to be read; every plane holds a pixel, and there is a channel; the batch may be empty."""
    first = channels_first(data_format)
    pixels = ["height", "width"] if axes == 2 else ["length"]
    names = ["n", "channels", *pixels] if first else ["n", *pixels, "channels"]
    if len(shape) != axes + 2:
        hint = f" For one image add the batch axis: {name}[None]." if len(shape) == axes + 1 else ""
        raise ShapeError(f"{name}: expected {axes + 2} dimensions ({', '.join(names)}), got shape {shape}.{hint}")
    n, *rest = shape
    if min(rest) < 1:
        listed = f"{', '.join([*pixels])} and channels"
        raise ShapeError(f"{name}: {listed} must be at least 1, got shape {shape}.")
    channels, sizes = (rest[0], rest[1:]) if first else (rest[-1], rest[:-1])
    height, width = ([1, *sizes])[-2:]
    return Planes(n, channels, height, width, axes, first)


def line(name: str, value: Any) -> tuple[int, int]:
    """An argument of a line as that of an image one pixel high: an int, or a tuple or list of one."""
    if isinstance(value, (tuple, list)) and len(value) == 1:
        value = value[0]
    return 1, integer(name, value, 1)


def line_padding(value: Any) -> Any:
    """The padding of a line as that of an image one pixel high: a word, an int, or (left, right)."""
    if isinstance(value, (str, bytes)):
        return value
    if isinstance(value, Sequence):
        if len(value) != 2:
            raise ParameterError(f"padding: expected an integer or two of them (left, right), got {shown(value)}.")
        return (0, 0), (integer("padding[0]", value[0], 0), integer("padding[1]", value[1], 0))
    return (0, integer("padding", value, 0))
