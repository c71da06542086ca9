"""channels_first around nodes that work on channels_last, lines around nodes that work on images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcore.layers.validation import Shape

if TYPE_CHECKING:
    from convcore.program.graph import Graph
    from convcore.program.values import Value

__all__ = [
    "from_channels_last",
    "from_images",
    "shape_from_channels_last",
    "shape_to_channels_last",
    "to_channels_last",
    "to_images",
]


def shape_to_channels_last(shape: Shape, data_format: str) -> Shape:
    """The shape (batch, ..., channels) of what has `shape` in `data_format`.

    >>> shape_to_channels_last((None, 3, 28, 32), "channels_first")
    (None, 28, 32, 3)
    """
    return (shape[0], *shape[2:], shape[1]) if data_format == "channels_first" and len(shape) > 1 else shape


def shape_from_channels_last(shape: Shape, data_format: str) -> Shape:
    """The shape in `data_format` of what has the shape (batch, ..., channels).

    >>> shape_from_channels_last((None, 28, 32, 3), "channels_first")
    (None, 3, 28, 32)
    """
    return (shape[0], shape[-1], *shape[1:-1]) if data_format == "channels_first" and len(shape) > 1 else shape


def to_channels_last(graph: Graph, x: Value, data_format: str) -> Value:
    """`x`, of samples in `data_format`, with its channels last: a copy for channels_first, else itself."""
    rank = len(x.shape)
    if data_format != "channels_first" or rank < 2:
        return x
    return graph.add("permute", x, order=(*range(1, rank), 0))


def from_channels_last(graph: Graph, y: Value, data_format: str) -> Value:
    """`y`, of samples with their channels last, in `data_format`: a copy for channels_first, else itself."""
    rank = len(y.shape)
    if data_format != "channels_first" or rank < 2:
        return y
    return graph.add("permute", y, order=(rank - 1, *range(rank - 1)))


def to_images(graph: Graph, x: Value) -> Value:
    """`x`, of images or lines with their channels last, as images: a line is one pixel high."""
    return graph.add("reshape", x, shape=(1, *x.shape)) if len(x.shape) == 2 else x


def from_images(graph: Graph, y: Value, axes: int) -> Value:
    """`y`, of images with their channels last, as such or, of one `axes`, as lines."""
    return graph.add("reshape", y, shape=y.shape[1:]) if axes == 1 else y
