"""What only rearranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import ShapeError
from convcore.plans.permute import permute
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape, Value
from convcore.shapes import axes_order

if TYPE_CHECKING:
    from convcore.plans.steps import Buffer
    from convcore.program.lowering import Lowering

__all__ = ["Permute", "Reshape"]


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


class Permute(Kind):
    """The axes of each sample in another order. Settings: order, of 0 for the first axis behind the batch."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,) = shapes
        settings["order"] = axes_order("order", settings["order"], len(x))
        return tuple(x[axis] for axis in settings["order"])

    def forward(self, low: Lowering, node: Node) -> None:
        (x,), order = node.inputs, node.settings["order"]
        if self._stays(x, order):
            low.alias(node.output, x)
        else:
            self._step(low, x, order, low.value(x), low.new_value(node.output))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        (x,), order = node.inputs, node.settings["order"]
        if wanted[0] and self._stays(x, order):
            low.alias_gradient(x, node.output)
        elif wanted[0]:
            back = [order.index(axis) for axis in range(len(order))]
            self._step(low, node.output, back, low.gradient(node.output), low.new_gradient(x))

    def _stays(self, x: Value, order: Sequence[int]) -> bool:
        """Whether the elements keep their places: only axes of length 1 move."""
        moved = [axis for axis in order if x.shape[axis] != 1]
        return moved == sorted(moved)

    def _step(self, low: Lowering, x: Value, order: Sequence[int], source: Buffer, target: Buffer) -> None:
        permute(low.steps, (low.n, *x.shape), (0, *(axis + 1 for axis in order)), source, target)
