"""Custom layers: NumPy between two native calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from convcore.errors import ShapeError
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.engine import native
    from convcore.program.lowering import Lowering

__all__ = ["Python", "PythonLayer"]


class PythonLayer(Protocol):
    """A layer that computes in NumPy."""

    def forward(self, x: npt.NDArray[np.float32], training: bool = ...) -> npt.NDArray[np.float32]: ...

    def backward(self, dy: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]: ...


class Python(Kind):
    """What ``layer.forward`` and ``layer.backward`` compute. Settings: layer, shape (the output's)."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        shape = tuple(settings.pop("shape"))
        if any(size < 0 for size in shape):
            raise ShapeError(f"the output shape {shape} of a custom layer must be known.")
        return shape

    def forward(self, low: Lowering, node: Node) -> None:
        layer: PythonLayer = node.settings["layer"]
        (x,) = node.inputs
        look = low.view(low.value(x), x.shape)
        result = low.view(low.new_value(node.output), node.output.shape)
        training = low.training and not node.infers

        def call(arena: native.Arena, externals: Sequence[Any]) -> None:
            y = layer.forward(look(arena, externals).copy(), training=training)
            _put(result(arena, externals), y, layer, "forward")

        low.python(call)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        layer: PythonLayer = node.settings["layer"]
        (x,) = node.inputs
        look = low.view(low.gradient(node.output), node.output.shape)
        result = low.view(low.new_gradient(x), x.shape)

        def call(arena: native.Arena, externals: Sequence[Any]) -> None:
            dx = layer.backward(look(arena, externals).copy())
            _put(result(arena, externals), dx, layer, "backward")

        low.gradients_of(node)  # the layer writes them itself
        low.python(call)


def _put(place: npt.NDArray[np.float32], result: Any, layer: object, direction: str) -> None:
    array = np.asarray(result)
    if array.shape != place.shape:
        raise ShapeError(f"{type(layer).__name__}.{direction} returned shape {array.shape}, expected {place.shape}.")
    place[...] = array
