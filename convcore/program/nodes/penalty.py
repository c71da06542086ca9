"""What an activity regularizer adds to the loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.plans.penalties import penalize
from convcore.program.nodes.kind import Parameters, Pixelwise
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["Penalty"]


class Penalty(Pixelwise):
    """The input as it is; a program with a loss adds the penalty of the batch, divided by its size. Settings: plan."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,) = shapes
        return x

    def forward(self, low: Lowering, node: Node) -> None:
        (x,) = node.inputs
        low.alias(node.output, x)
        if low.penalties is not None:
            low.penalties.append(
                penalize(low.steps, node.settings["plan"].over(low.n), (low.n, *x.shape), low.value(x), None)
            )

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        (x,) = node.inputs
        if not wanted[0]:
            return
        if low.penalties is None:
            low.alias_gradient(x, node.output)
            return
        dy, count = low.gradient(node.output), low.n * x.size
        dx = low.new_gradient(x)
        low.steps.add("scale_shift", {"count": count, "a": 1.0, "b": 0.0}, dy, dx, work=count)
        sums, _ = penalize(low.steps, node.settings["plan"].over(low.n), (low.n, *x.shape), low.value(x), dx)
        low.steps.release(sums)
