"""Images of another size: seen through a fixed map, or through a window at a random place in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from convcore.errors import ShapeError
from convcore.geometries import BORDERS, check_resampled
from convcore.plans import affine
from convcore.plans.affine import Resampling, height_and_width
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.plans.steps import Buffer
    from convcore.program.lowering import Lowering

__all__ = ["Resample"]


class Resample(Kind):
    """Images of `size`, (height, width), whose pixel (h, w) is that of the input at (b1 h + b2, a0 w + a2).

    Settings: size, place (a0, a2, b1, b2), interpolation (nearest or bilinear), first: whether the channels come before
    the pixels, ranges: None, or the `plans.affine.Ranges` of the maps drawn with `seed` in training, which then give
    the nearest pixel.
    """

    unfused = "resizing"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,), first = shapes, settings["first"]
        if len(x) != 3 or min(x) < 1:
            raise ShapeError(f"only images can be resized, got samples of shape {x}.")
        height, width = settings["size"]
        channels = x[0] if first else x[2]
        for rows, columns in (height_and_width(x, first), (height, width)):
            check_resampled(rows, columns, 1 if first else channels)
        settings["seed"] = int(settings.get("seed", 0))
        a0, a2, b1, b2 = settings.pop("place")
        settings["map"] = np.array([a0, 0, a2, 0, b1, b2, 0, 0], np.float32)
        return (channels, height, width) if first else (height, width, channels)

    def forward(self, low: Lowering, node: Node) -> None:
        x, y = low.value(node.inputs[0]), low.new_value(node.output)
        if not self._draws(low, node):
            affine.affine(low.steps, self._resampling(low, node), x, low.steps.bind(node.settings["map"]), y)
            return
        state, size = low.steps.bind(low.random_state), height_and_width(node.inputs[0].shape, node.settings["first"])
        maps = affine.random_affine(low.steps, low.n, size, node.random_key, state, node.settings["ranges"])
        affine.affine(low.steps, self._resampling(low, node), x, maps, y)
        low.save(node, maps)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        draws = self._draws(low, node)
        maps: Buffer = low.saved(node) if draws else low.steps.bind(node.settings["map"])
        if wanted[0]:
            dy, dx = low.gradient(node.output), low.new_gradient(node.inputs[0])
            affine.affine_backward(low.steps, self._resampling(low, node), dy, maps, dx)
        if draws:
            low.steps.release(maps)

    def _draws(self, low: Lowering, node: Node) -> bool:
        return low.training and not node.infers and node.settings["ranges"] is not None

    def _resampling(self, low: Lowering, node: Node) -> Resampling:
        settings, x, draws = node.settings, node.inputs[0].shape, self._draws(low, node)
        group, channels = (x[0], 1) if settings["first"] else (1, x[2])
        (ih, iw), (oh, ow) = height_and_width(x, settings["first"]), settings["size"]
        return Resampling(
            low.n * group, ih, iw, channels, oh, ow, low.n if draws else 1, group if draws else low.n * group,
            "nearest" if draws else settings["interpolation"], BORDERS.index("edge"), 0.0,
        )  # fmt: skip
