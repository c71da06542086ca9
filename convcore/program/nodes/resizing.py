"""Images and lines in a frame of zeros, without their borders, or larger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.geometries import frame_geometry, upsample_geometry
from convcore.ops.planes import planes
from convcore.plans import resize
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape
from convcore.shapes import Geometry

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["Frame", "Upsample"]


def _geometry(low: Lowering, node: Node) -> Geometry:
    """That of the batch: a sample whose channels come first is a batch of planes."""
    g: Geometry = node.settings["geometry"]
    return g.with_batch(low.n * g.n)


class Frame(Kind):
    """Rows and columns of zeros around images, or where a number is negative so many fewer of their own.

    Settings: rows (above, below), columns (left, right), data_format; of lines, which have no columns, rows are along
    their length.
    """

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (shape,), axes = shapes, len(shapes[0]) - 1
        seen = planes("x", (1, *shape), settings["data_format"], axes)
        n, height, width, channels = seen.images
        images = seen.images if axes == 2 else (n, width, height, channels)
        g = frame_geometry(images, settings.pop("rows"), settings.pop("columns", (0, 0)))
        settings["geometry"] = g
        return (seen.shape(g.oh, g.ow) if axes == 2 else seen.shape(1, g.oh))[1:]

    def forward(self, low: Lowering, node: Node) -> None:
        resize.frame(low.steps, _geometry(low, node), low.value(node.inputs[0]), low.new_value(node.output))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            dy, dx = low.gradient(node.output), low.new_gradient(node.inputs[0])
            resize.frame_backward(low.steps, _geometry(low, node), dy, dx)


class Upsample(Kind):
    """Images or lines with `size` times as many pixels. Settings: size (rows, columns), interpolation, data_format."""

    unfused = "upsampling"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (shape,) = shapes
        seen = planes("x", (1, *shape), settings.pop("data_format"), len(shape) - 1)
        g = upsample_geometry(seen.images, settings.pop("size"))
        settings["geometry"] = g
        return seen.shape(g.oh, g.ow)[1:]

    def forward(self, low: Lowering, node: Node) -> None:
        x, y = low.value(node.inputs[0]), low.new_value(node.output)
        resize.upsample(low.steps, _geometry(low, node), x, y, node.settings["interpolation"])

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            dy, dx = low.gradient(node.output), low.new_gradient(node.inputs[0])
            resize.upsample_backward(low.steps, _geometry(low, node), dy, dx, node.settings["interpolation"])
