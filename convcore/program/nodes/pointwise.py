"""What works element by element, or row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.plans import pointwise
from convcore.program.nodes.kind import Kind, Parameters, Pixelwise
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["Relu", "ScaleShift", "Sigmoid", "Softmax", "Tanh"]


class _Activation(Pixelwise):
    """An activation function of one kernel, by the name of its kind."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        return shapes[0]

    def forward(self, low: Lowering, node: Node) -> None:
        (x,) = node.inputs
        buffers = low.value(x), low.new_value(node.output)
        pointwise.activation(low.steps, node.kind, low.n * x.size, *buffers, self._fields(node))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            (x,) = node.inputs
            buffers = low.gradient(node.output), low.value(x), low.value(node.output), low.new_gradient(x)
            pointwise.activation_backward(low.steps, node.kind, low.n * x.size, *buffers, self._fields(node))

    def _fields(self, node: Node) -> dict[str, float]:
        return {}


class Relu(_Activation):
    """``max(0, x)``, or Keras's general form. Settings: max_value, negative_slope, threshold."""

    unfused = "activation relu"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        settings |= {"max_value": None, "negative_slope": 0.0, "threshold": 0.0} | settings
        return shapes[0]

    def _fields(self, node: Node) -> dict[str, float]:
        return pointwise.relu_fields(**node.settings)


class Sigmoid(_Activation):
    """``1 / (1 + exp(-x))``."""

    unfused = "activation sigmoid"


class Tanh(_Activation):
    """The hyperbolic tangent."""

    unfused = "activation tanh"


class Softmax(Kind):
    """``exp(x) / sum(exp(x))`` along the last axis."""

    unfused = "activation softmax"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        return shapes[0]

    def forward(self, low: Lowering, node: Node) -> None:
        (x,) = node.inputs
        pointwise.softmax(low.steps, *low.rows(x), low.value(x), low.new_value(node.output))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            (x,) = node.inputs
            y = low.value(node.output)
            pointwise.softmax_backward(low.steps, *low.rows(x), low.gradient(node.output), y, low.new_gradient(x))


class ScaleShift(Pixelwise):
    """``x * scale + offset``. Settings: scale, offset."""

    unfused = "rescaling"

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
