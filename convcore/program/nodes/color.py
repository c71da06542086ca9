"""What changes the colours of images at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import ShapeError
from convcore.plans import color
from convcore.plans.color import Color
from convcore.program.nodes.augmentation import Augmentation
from convcore.program.nodes.kind import Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.plans.steps import Buffer
    from convcore.program.lowering import Lowering

__all__ = ["RandomColor"]


class RandomColor(Augmentation):
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

    def _change(self, low: Lowering, node: Node, x: Buffer, y: Buffer) -> Buffer:
        state = low.steps.bind(low.random_state)
        return color.change(low.steps, self._color(low, node), node.random_key, state, x, y)

    def _change_back(self, low: Lowering, node: Node, kept: Buffer, dy: Buffer, dx: Buffer) -> None:
        color.change_backward(low.steps, self._color(low, node), kept, dy, dx)

    def _color(self, low: Lowering, node: Node) -> Color:
        settings, (a, b, c) = node.settings, node.output.shape
        sizes = (low.n * a, b * c, 1) if settings["first"] else (low.n, a * b, c)
        names = ("low", "high", "floor", "ceiling", "contrast")
        return Color(low.n, *sizes, *(settings[name] for name in names))
