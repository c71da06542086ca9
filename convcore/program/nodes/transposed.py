"""Transposed convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import StateError
from convcore.geometries import conv2d_transpose_geometry
from convcore.plans import conv
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["Conv2DTranspose"]


class Conv2DTranspose(Kind):
    """``conv2d_transpose(x, kernel) + bias`` of images.

    Parameters: kernel (kh, kw, oc, ic), without kh for one row, and bias (oc,) or None. Settings: stride, padding,
    output_padding, dilation.
    The geometry is that of the convolution whose gradient this is: its x is our output.
    """

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        kernel, _ = parameters
        if kernel is None:
            raise StateError("a transposed convolution needs a kernel.")
        names = ("stride", "padding", "output_padding", "dilation")
        words = {name: settings.pop(name) for name in names if name in settings}
        shape = kernel.shape if len(kernel.shape) > 3 else (1, *kernel.shape)
        g = conv2d_transpose_geometry((1, *shapes[0]), shape, **words)
        settings["transposed"] = g
        return g.x_shape[1:]

    def forward(self, low: Lowering, node: Node) -> None:
        g = node.settings["transposed"].with_batch(low.n)
        w, bias = low.parameters_of(node)
        conv.transposed(low.steps, g, low.value(node.inputs[0]), w, bias, low.new_value(node.output), relu=False)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        g = node.settings["transposed"].with_batch(low.n)
        dy = low.gradient(node.output)
        dw, db = low.gradients_of(node)
        conv.backward_weights(low.steps, g, dy, low.value(node.inputs[0]), dw, None)
        if db is not None:
            conv.sum_over_rows(low.steps, g.x_shape, dy, db)
        if wanted[0]:
            w, _ = low.parameters_of(node)
            conv.forward(low.steps, g, dy, w, None, low.new_gradient(node.inputs[0]), relu=False)
