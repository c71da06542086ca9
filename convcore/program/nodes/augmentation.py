"""What resamples images, each by an affine map drawn for it in training."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import ShapeError
from convcore.geometries import check_resampled
from convcore.plans import affine
from convcore.plans.affine import Resampling, height_and_width
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.plans.steps import Buffer
    from convcore.program.lowering import Lowering

__all__ = ["Augmentation", "RandomAffine"]


class Augmentation(Kind):
    """A kind that changes images at random in training; without training, nothing happens. Settings: seed."""

    def forward(self, low: Lowering, node: Node) -> None:
        if not low.training or node.infers:
            low.alias(node.output, node.inputs[0])
        else:
            low.save(node, self._change(low, node, low.value(node.inputs[0]), low.new_value(node.output)))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if node.infers:
            if wanted[0]:
                low.alias_gradient(node.inputs[0], node.output)
            return
        kept = low.saved(node)
        if wanted[0]:
            self._change_back(low, node, kept, low.gradient(node.output), low.new_gradient(node.inputs[0]))
        low.steps.release(kept)

    @abstractmethod
    def _change(self, low: Lowering, node: Node, x: Buffer, y: Buffer) -> Buffer:
        """Plan y from x; returns what `_change_back` needs."""

    @abstractmethod
    def _change_back(self, low: Lowering, node: Node, kept: Buffer, dy: Buffer, dx: Buffer) -> None:
        """Plan dx from dy, the gradient of y."""


class RandomAffine(Augmentation):
    """Images of the same size, resampled in training; without training, nothing happens.

    Settings: ranges (a `plans.affine.Ranges`), seed, interpolation (nearest or bilinear), border (a place in
    geometries.BORDERS, "zeros" for `fill_value`), fill_value, first: whether the channels come before the pixels.
    """

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,) = shapes
        if len(x) != 3 or min(x) < 1:
            raise ShapeError(f"random transformations work on images, got samples of shape {x}.")
        check_resampled(*height_and_width(x, settings["first"]), 1 if settings["first"] else x[2])
        settings["seed"] = int(settings["seed"])
        return x

    def _change(self, low: Lowering, node: Node, x: Buffer, y: Buffer) -> Buffer:
        settings, size = node.settings, height_and_width(node.output.shape, node.settings["first"])
        state = low.steps.bind(low.random_state)
        maps = affine.random_affine(low.steps, low.n, size, node.random_key, state, settings["ranges"])
        affine.affine(low.steps, self._resampling(low, node), x, maps, y)
        return maps

    def _change_back(self, low: Lowering, node: Node, kept: Buffer, dy: Buffer, dx: Buffer) -> None:
        affine.affine_backward(low.steps, self._resampling(low, node), dy, kept, dx)

    def _resampling(self, low: Lowering, node: Node) -> Resampling:
        settings, x = node.settings, node.output.shape
        height, width = height_and_width(x, settings["first"])
        group, channels = (x[0], 1) if settings["first"] else (1, x[2])
        # Of a batch of one image there is one map, whatever the group.
        return Resampling(
            low.n * group, height, width, channels, height, width, low.n, group,
            settings["interpolation"], settings["border"], settings["fill_value"],
        )  # fmt: skip
