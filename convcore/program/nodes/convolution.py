"""Convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from convcore.errors import StateError
from convcore.plans import conv, conv_pool, winograd
from convcore.plans.steps import Buffer
from convcore.program.nodes.kind import Kind, Parameters, Windowed
from convcore.program.values import Node, Shape
from convcore.shapes import Geometry, conv2d_geometry

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["Conv2D", "Conv2DPool"]


class Conv2D(Windowed):
    """``conv2d(x, kernel) + bias`` of images, then ``max(0, y)`` with `relu`.

    Parameters: kernel (kh, kw, ic // groups, oc) and bias (oc,) or None. Settings: stride, padding, dilation, groups,
    relu; with depthwise, the kernel is (kh, kw, ic, multiplier) and each channel a group. A kernel without kh, that of
    a line, has one row.
    """

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        kernel, _ = parameters
        if kernel is None:
            raise StateError("a convolution needs a kernel.")
        names = ("stride", "padding", "dilation", "groups")
        words = {name: settings.pop(name) for name in names if name in settings}
        shape = kernel.shape if len(kernel.shape) > 3 else (1, *kernel.shape)
        if settings.pop("depthwise", False):
            kh, kw, words["groups"], multiplier = shape
            shape = (kh, kw, 1, words["groups"] * multiplier)
        geometry = conv2d_geometry((1, *shapes[0]), shape, **words)
        settings["geometry"] = geometry
        settings.setdefault("relu", False)
        return geometry.y_shape[1:]

    def prepare(self, low: Lowering, node: Node) -> Buffer | None:
        g, (w, _) = self._geometry(low, node), low.parameters_of(node)
        return conv.prepare_weights(low.steps, g, w, exact=low.exact, keep=partial(low.keep, node))

    def forward(self, low: Lowering, node: Node) -> None:
        g = self._geometry(low, node)
        w, bias = low.parameters_of(node)
        x, y = low.value(node.inputs[0]), low.new_value(node.output)
        turned, note = low.prepared(node), node.settings.get("note") or winograd.reason_direct(g, exact=low.exact)
        conv.forward(low.steps, g, x, w, bias, y, relu=node.settings["relu"], turned=turned, note=note)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        g = self._geometry(low, node)
        dy = low.masked_gradient(node.output) if node.settings["relu"] else low.gradient(node.output)
        dw, db = low.gradients_of(node)
        conv.backward_weights(low.steps, g, low.value(node.inputs[0]), dy, dw, db)
        if wanted[0]:
            w, _ = low.parameters_of(node)
            conv.backward_data(low.steps, g, dy, w, low.new_gradient(node.inputs[0]), exact=low.exact)

    def _geometry(self, low: Lowering, node: Node) -> Geometry:
        geometry: Geometry = node.settings["geometry"]
        return geometry.with_batch(low.n)


class Conv2DPool(Kind):
    """A convolution, its ReLU and the max-pool behind it: what the optimiser joins."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        pool: Geometry = settings["pool"]
        return pool.y_shape[1:]

    def prepare(self, low: Lowering, node: Node) -> Buffer | None:
        g, behind = self._geometries(low, node)
        w, _ = low.parameters_of(node)
        return conv_pool.prepare_weights(low.steps, g, behind, w, exact=low.exact, keep=partial(low.keep, node))

    def forward(self, low: Lowering, node: Node) -> None:
        g, behind = self._geometries(low, node)
        codes = low.steps.bytes(low.n * node.output.size) if low.training else None
        if codes is not None:
            low.save(node, codes)
        w, bias = low.parameters_of(node)
        x, y = low.value(node.inputs[0]), low.new_value(node.output)
        turned, relu = low.prepared(node), node.settings["relu"]
        conv_pool.forward(low.steps, g, behind, x, w, turned, bias, y, codes, relu=relu, exact=low.exact)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        (x,) = node.inputs
        g, behind = self._geometries(low, node)
        dy = low.masked_gradient(node.output) if node.settings["relu"] else low.gradient(node.output)
        w, _ = low.parameters_of(node)
        dw, db = low.gradients_of(node)
        # Before the images come: from dw to dx and on to the node before, they go without a stop.
        turned = conv_pool.turn_weights(low.steps, g, behind, w) if wanted[0] else None
        conv_pool.backward_weights(low.steps, g, behind, low.value(x), dy, low.saved(node), dw, db)
        if turned is not None:
            dx = low.new_gradient(x)
            conv_pool.backward_data(low.steps, g, behind, dy, low.saved(node), turned, dx, low.take_mask(x))
            low.steps.release(turned)
        low.steps.release(low.saved(node))

    def _geometries(self, low: Lowering, node: Node) -> tuple[Geometry, Geometry]:
        return node.settings["geometry"].with_batch(low.n), node.settings["pool"].with_batch(low.n)
