"""Pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.plans import pool
from convcore.program.nodes.kind import Parameters, Windowed
from convcore.program.values import Node, Shape
from convcore.shapes import pool2d_geometry

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["MaxPool2D"]


class MaxPool2D(Windowed):
    """The maximum over windows of images. Settings: pool_size, stride, padding."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        words = {name: settings.pop(name) for name in ("pool_size", "stride", "padding") if name in settings}
        geometry = pool2d_geometry((1, *shapes[0]), **words)
        settings["geometry"] = geometry
        return geometry.y_shape[1:]

    def forward(self, low: Lowering, node: Node) -> None:
        g = node.settings["geometry"].with_batch(low.n)
        indices = low.steps.bytes(4 * low.n * node.output.size) if low.training else None
        if indices is not None:
            low.save(node, indices)
        pool.max_pool2d(low.steps, g, low.value(node.inputs[0]), low.new_value(node.output), indices)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            g = node.settings["geometry"].with_batch(low.n)
            dx = low.new_gradient(node.inputs[0])
            pool.max_pool2d_backward(low.steps, g, low.gradient(node.output), low.saved(node), dx)
        low.steps.release(low.saved(node))
