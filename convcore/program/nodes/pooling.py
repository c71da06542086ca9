"""Pooling.

A kind of planes reads images whose channels come first, and lines of either layout, as they lie; the others read images
whose channels come last, and can be one step with the convolution before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.ops.planes import Planes, planes
from convcore.plans import pool
from convcore.program.nodes.kind import Kind, Parameters, Windowed
from convcore.program.values import Node, Shape
from convcore.shapes import Geometry, pool2d_geometry

if TYPE_CHECKING:
    from convcore.plans.steps import Buffer
    from convcore.program.lowering import Lowering

__all__ = ["AvgPool2D", "AvgPoolPlanes", "GlobalAvgPool", "GlobalMaxPool", "MaxPool2D", "MaxPoolPlanes"]


def _images(shape: Shape, settings: dict[str, Any]) -> Shape:
    """The output's shape of a pool over images with channels last; its geometry goes into `settings`."""
    words = {name: settings.pop(name) for name in ("pool_size", "stride", "padding") if name in settings}
    geometry = pool2d_geometry((1, *shape), **words)
    settings["geometry"] = geometry
    return geometry.y_shape[1:]


def _seen(shape: Shape, settings: dict[str, Any]) -> Planes:
    return planes("x", (1, *shape), settings.pop("data_format", "channels_last"), len(shape) - 1)


def _planes(shape: Shape, settings: dict[str, Any]) -> Shape:
    """The same over planes: a sample whose channels come first is a batch of them."""
    seen = _seen(shape, settings)
    words = {name: settings.pop(name) for name in ("pool_size", "stride", "padding") if name in settings}
    geometry = pool2d_geometry(seen.images, **words)
    settings["geometry"] = geometry
    return seen.shape(geometry.oh, geometry.ow)[1:]


def _geometry(low: Lowering, node: Node) -> Geometry:
    g: Geometry = node.settings["geometry"]
    return g.with_batch(low.n * g.n)


class _Max(Kind):
    """Keeps where the maxima lie, for the gradient."""

    def forward(self, low: Lowering, node: Node) -> None:
        indices = low.steps.bytes(4 * low.n * node.output.size) if low.training else None
        if indices is not None:
            low.save(node, indices)
        self._add(low, node, low.value(node.inputs[0]), low.new_value(node.output), indices)

    def _add(self, low: Lowering, node: Node, x: Buffer, y: Buffer, indices: Buffer | None) -> None:
        pool.max_pool2d(low.steps, _geometry(low, node), x, y, indices)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            dx, dy = low.new_gradient(node.inputs[0]), low.gradient(node.output)
            pool.max_pool2d_backward(low.steps, _geometry(low, node), dy, low.saved(node), dx)
        low.steps.release(low.saved(node))


class MaxPool2D(_Max, Windowed):
    """The maximum over windows of images. Settings: pool_size, stride, padding."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        return _images(shapes[0], settings)


class MaxPoolPlanes(_Max):
    """The maximum over windows of planes. Settings: pool_size, stride, padding, data_format."""

    unfused = "max-pool of planes"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        return _planes(shapes[0], settings)


class _Average(Kind):
    """Divides by the number of pixels in the image."""

    unfused = "average-pool"

    def forward(self, low: Lowering, node: Node) -> None:
        pool.avg_pool2d(low.steps, _geometry(low, node), low.value(node.inputs[0]), low.new_value(node.output))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            dx, dy = low.new_gradient(node.inputs[0]), low.gradient(node.output)
            pool.avg_pool2d_backward(low.steps, _geometry(low, node), dy, dx)


class AvgPool2D(_Average, Windowed):
    """The mean over windows of images. Settings: pool_size, stride, padding."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        return _images(shapes[0], settings)


class AvgPoolPlanes(_Average):
    """The mean over windows of planes. Settings: pool_size, stride, padding, data_format."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        return _planes(shapes[0], settings)


def _whole(shape: Shape, settings: dict[str, Any]) -> Shape:
    """One number a plane; the geometry has the plane as its window."""
    seen = _seen(shape, settings)
    settings["geometry"] = pool2d_geometry(seen.images, pool_size=(seen.height, seen.width))
    return seen.pooled(keepdims=settings.pop("keepdims", False))[1:]


class GlobalMaxPool(_Max):
    """The maximum of each plane. Settings: data_format, keepdims."""

    unfused = "global max-pool"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        return _whole(shapes[0], settings)

    def _add(self, low: Lowering, node: Node, x: Buffer, y: Buffer, indices: Buffer | None) -> None:
        pool.global_max_pool2d(low.steps, _geometry(low, node), x, y, indices)


class GlobalAvgPool(Kind):
    """The mean of each plane. Settings: data_format, keepdims."""

    unfused = "global average-pool"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        return _whole(shapes[0], settings)

    def forward(self, low: Lowering, node: Node) -> None:
        pool.global_avg_pool2d(low.steps, _geometry(low, node), low.value(node.inputs[0]), low.new_value(node.output))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            dx, dy = low.new_gradient(node.inputs[0]), low.gradient(node.output)
            pool.global_avg_pool2d_backward(low.steps, _geometry(low, node), dy, dx)
