"""What works element by element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.program.nodes.kind import Parameters, Pixelwise
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["ScaleShift"]


class ScaleShift(Pixelwise):
    """``x * scale + offset``. Settings: scale, offset."""

    unfused = "rescaling"
    elementwise = True

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        settings |= {name: float(settings[name]) for name in ("scale", "offset")}
        return shapes[0]

    def forward(self, low: Lowering, node: Node) -> None:
        self._step(low, node, node.settings["offset"], low.value(node.inputs[0]), low.new_value(node.output))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            self._step(low, node, 0.0, low.gradient(node.output), low.new_gradient(node.inputs[0]))

    def _step(self, low: Lowering, node: Node, offset: float, *buffers: Any) -> None:
        count = low.n * node.output.size
        low.steps.add("scale_shift", {"count": count, "a": node.settings["scale"], "b": offset}, *buffers, work=count)
