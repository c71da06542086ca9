"""Maps of every layout as the pools see them: (n, height, width, channels).

A map whose channels come first is, without a copy, a batch of planes of one channel; a line of pixels is an image one
pixel high.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convcore.checks import remembered
from convcore.errors import ShapeError
from convcore.geometries import channels_first
from convcore.ops.running import Shape

__all__ = ["Planes", "planes"]


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
