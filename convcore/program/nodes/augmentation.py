"""What resamples images, each by an affine map drawn for it in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import ShapeError
from convcore.geometries import check_resampled
from convcore.plans import affine
from convcore.plans.affine import Resampling
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["RandomAffine"]


class RandomAffine(Kind):
    """Images of the same size, resampled in training; without training, nothing happens.

    Settings: ranges (a `plans.affine.Ranges`), seed, interpolation (nearest or bilinear), border (a place in
    geometries.BORDERS, "zeros" for `fill_value`), fill_value, first: whether the channels come before the pixels.
    """

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,) = shapes
        if len(x) != 3 or min(x) < 1:
            raise ShapeError(f"random transformations work on images, got samples of shape {x}.")
        check_resampled(*self._size(x, settings["first"]), 1 if settings["first"] else x[2])
        settings["seed"] = int(settings["seed"])
        return x

    def forward(self, low: Lowering, node: Node) -> None:
        if not low.training or node.infers:
            low.alias(node.output, node.inputs[0])
            return
        settings, x = node.settings, node.output.shape
        state, size = low.steps.bind(low.random_state), self._size(x, settings["first"])
        maps = affine.random_affine(low.steps, low.n, size, node.random_key, state, settings["ranges"])
        source, target = low.value(node.inputs[0]), low.new_value(node.output)
        affine.affine(low.steps, self._resampling(low, node), source, maps, target)
        low.save(node, maps)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if node.infers:
            if wanted[0]:
                low.alias_gradient(node.inputs[0], node.output)
            return
        if wanted[0]:
            dy, dx = low.gradient(node.output), low.new_gradient(node.inputs[0])
            affine.affine_backward(low.steps, self._resampling(low, node), dy, low.saved(node), dx)
        low.steps.release(low.saved(node))

    def _size(self, x: Shape, first: bool) -> tuple[int, int]:
        return (x[1], x[2]) if first else (x[0], x[1])

    def _resampling(self, low: Lowering, node: Node) -> Resampling:
        settings, x = node.settings, node.output.shape
        height, width = self._size(x, settings["first"])
        group, channels = (x[0], 1) if settings["first"] else (1, x[2])
        # Of a batch of one image there is one map, whatever the group.
        return Resampling(
            low.n * group, height, width, channels, height, width, low.n, group,
            settings["interpolation"], settings["border"], settings["fill_value"],
        )  # fmt: skip
