"""What draws random numbers in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["Dropout"]


class Dropout(Kind):
    """A share `rate` of the elements becomes 0 in training, others are divided by 1 - rate. Settings: rate, seed."""

    unfused = "dropout"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        settings |= {"rate": float(settings["rate"]), "seed": int(settings["seed"])}
        return shapes[0]

    def forward(self, low: Lowering, node: Node) -> None:
        if low.training:
            self._step(low, node, low.value(node.inputs[0]), low.new_value(node.output))
        else:
            low.alias(node.output, node.inputs[0])

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            self._step(low, node, low.gradient(node.output), low.new_gradient(node.inputs[0]))

    def _step(self, low: Lowering, node: Node, x: Any, y: Any) -> None:
        count = low.n * node.output.size
        fields = {"count": count, "kind": node.random_key, "a": node.settings["rate"]}
        low.steps.add("dropout", fields, x, low.steps.bind(low.random_state), y, work=count * 4)
