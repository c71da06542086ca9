"""Products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import ShapeError, StateError
from convcore.plans import dense
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["Dense"]


class Dense(Kind):
    """``x @ kernel + bias`` on the last axis, then ``max(0, y)`` with `relu`.

    Parameters: kernel (ic, oc) and bias (oc,) or None. Settings: relu.
    """

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,), (kernel, _) = shapes, parameters
        if kernel is None:
            raise StateError("a dense layer needs a kernel.")
        if not x or x[-1] != kernel.shape[0]:
            raise ShapeError(
                f"the last axis of the input (shape {x}) must be {kernel.shape[0]} long, as the kernel's first."
            )
        settings.setdefault("relu", False)
        return (*x[:-1], kernel.shape[1])

    def forward(self, low: Lowering, node: Node) -> None:
        (x,) = node.inputs
        (n, ic), oc = low.rows(x), node.output.shape[-1]
        w, bias = low.parameters_of(node)
        y = low.new_value(node.output)
        dense.forward(low.steps, n, ic, oc, low.value(x), w, bias, y, relu=node.settings["relu"])

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        (x,) = node.inputs
        (n, ic), oc = low.rows(x), node.output.shape[-1]
        dy = low.masked_gradient(node.output) if node.settings["relu"] else low.gradient(node.output)
        dw, db = low.gradients_of(node)
        dense.backward_weights(low.steps, n, ic, oc, low.value(x), dy, dw)
        if db is not None:
            dense.backward_bias(low.steps, n, oc, dy, db)
        if wanted[0]:
            w, _ = low.parameters_of(node)
            dense.backward_data(low.steps, n, ic, oc, dy, w, low.new_gradient(x))
