"""What changes the colours of images at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import ShapeError
from convcore.plans import color
from convcore.plans.color import Color
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["RandomColor"]


class RandomColor(Kind):
    """Images, in training, with a number between low and high added, or with as much contrast, and then cut off below
    floor and above ceiling; without training, nothing happens.

    Settings: low, high, floor, ceiling, contrast (True or False), seed, first: whether the channels come before the
    pixels.
    """

    unfused = "colours"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,) = shapes
        if len(x) != 3 or min(x) < 1:
            raise ShapeError(f"colours are those of images, got samples of shape {x}.")
        settings["seed"] = int(settings["seed"])
        return x

    def forward(self, low: Lowering, node: Node) -> None:
        if not low.training or node.infers:
            low.alias(node.output, node.inputs[0])
            return
        x, y, state = low.value(node.inputs[0]), low.new_value(node.output), low.steps.bind(low.random_state)
        low.save(node, color.change(low.steps, self._color(low, node), node.random_key, state, x, y))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if node.infers:
            if wanted[0]:
                low.alias_gradient(node.inputs[0], node.output)
            return
        if wanted[0]:
            dy, dx = low.gradient(node.output), low.new_gradient(node.inputs[0])
            color.change_backward(low.steps, self._color(low, node), low.saved(node), dy, dx)
        low.steps.release(low.saved(node))

    def _color(self, low: Lowering, node: Node) -> Color:
        settings, (a, b, c) = node.settings, node.output.shape
        sizes = (low.n * a, b * c, 1) if settings["first"] else (low.n, a * b, c)
        names = ("low", "high", "floor", "ceiling", "contrast")
        return Color(low.n, *sizes, *(settings[name] for name in names))
