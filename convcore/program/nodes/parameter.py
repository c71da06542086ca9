"""Variables as values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import ShapeError, StateError
from convcore.plans import merge
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["Parameter"]


class Parameter(Kind):
    """A parameter, the same for each sample; what it reads says only how many there are. Settings: shape, in which the
    parameter's elements are seen."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        shape = tuple(settings.pop("shape"))
        if len(parameters) != 1 or parameters[0] is None:
            raise StateError("a value that is a parameter needs that.")
        if math.prod(shape) != parameters[0].size:
            raise ShapeError(f"a parameter of shape {parameters[0].shape} does not fit samples of shape {shape}.")
        return shape

    def forward(self, low: Lowering, node: Node) -> None:
        (variable,) = low.parameters_of(node)
        merge.repeat(low.steps, 1, low.n, node.output.size, variable, low.new_value(node.output))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        (gradient,) = low.gradients_of(node)
        merge.repeat_backward(low.steps, 1, low.n, node.output.size, low.gradient(node.output), gradient)
