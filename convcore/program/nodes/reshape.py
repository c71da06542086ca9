"""What only rearranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import ShapeError
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["Reshape"]


class Reshape(Kind):
    """The same elements in another shape: no step at all. Settings: shape."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,), shape = shapes, tuple(settings.pop("shape"))
        if math.prod(shape) != math.prod(x):
            raise ShapeError(f"cannot reshape {x} to {shape}: {math.prod(x)} elements to {math.prod(shape)}.")
        return shape

    def forward(self, low: Lowering, node: Node) -> None:
        low.alias(node.output, node.inputs[0])

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            low.alias_gradient(node.inputs[0], node.output)
