"""Activations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import NotSupportedError, ShapeError, StateError
from convcore.plans import activations as plan
from convcore.program.nodes.kind import Kind, Parameters, Pixelwise
from convcore.program.values import Node, Shape, Value
from convcore.shapes import integer

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["Activation", "Prelu", "Relu", "Softmax"]


class Activation(Pixelwise):
    """A function of one element, by its name. Settings: the function's arguments, with Keras's defaults."""

    elementwise = True

    def __init__(self, name: str) -> None:
        self.unfused = f"activation {name}"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        return shapes[0]

    def forward(self, low: Lowering, node: Node) -> None:
        (x,) = node.inputs
        y = low.new_value(node.output)
        plan.activation(low.steps, node.kind, self._arguments(node), low.n * x.size, low.value(x), y)

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            (x,) = node.inputs
            buffers = low.gradient(node.output), low.value(x), low.value(node.output), low.new_gradient(x)
            plan.activation_backward(low.steps, node.kind, self._arguments(node), low.n * x.size, *buffers)

    def _arguments(self, node: Node) -> dict[str, Any]:
        return {name: value for name, value in node.settings.items() if name != "note"}


class Relu(Activation):
    """``max(0, x)``, or Keras's general form. Settings: max_value, negative_slope, threshold."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        settings |= {"max_value": None, "negative_slope": 0.0, "threshold": 0.0} | settings
        return shapes[0]


class Softmax(Kind):
    """``exp(x) / sum(exp(x))``, or its logarithm, along an axis. Settings: axis (default -1), 0 for the first axis
    behind the batch."""

    def __init__(self, name: str) -> None:
        self.unfused = f"activation {name}"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,) = shapes
        rank = max(1, len(x))
        settings["axis"] = integer("axis", settings.get("axis", -1), -rank, rank - 1) % rank
        return x

    def forward(self, low: Lowering, node: Node) -> None:
        (x,) = node.inputs
        plan.softmax(low.steps, node.kind, *self._sizes(low, node, x), low.value(x), low.new_value(node.output))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            (x,) = node.inputs
            buffers = low.gradient(node.output), low.value(node.output), low.new_gradient(x)
            plan.softmax_backward(low.steps, node.kind, *self._sizes(low, node, x), *buffers)

    def _sizes(self, low: Lowering, node: Node, x: Value) -> tuple[int, int, int]:
        """(rows, classes, inner): what is before the axis, the axis, and what is behind it."""
        shape, axis = x.shape or (1,), node.settings["axis"]
        return low.n * math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])


class Prelu(Kind):
    """x where x > 0, a learned slope times x elsewhere.

    Parameters: slopes, of a sample's shape, or 1 along axes that share them.
    """

    unfused = "activation prelu"

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,), (slopes,) = shapes, parameters
        if slopes is None:
            raise StateError("a PReLU needs slopes.")
        fits = zip(slopes.shape, x, strict=False)
        if len(slopes.shape) != len(x) or not all(own in (1, size) for own, size in fits):
            raise ShapeError(f"slopes of shape {slopes.shape} do not fit samples of shape {x}.")
        settings["sizes"] = _three_axes(x, slopes.shape)
        return x

    def forward(self, low: Lowering, node: Node) -> None:
        (x,), (slopes,) = node.inputs, low.parameters_of(node)
        plan.prelu(low.steps, low.n, *_sizes(node), low.value(x), slopes, low.new_value(node.output))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        (x,), (slopes,), (dslopes,) = node.inputs, low.parameters_of(node), low.gradients_of(node)
        dy, values = low.gradient(node.output), low.value(x)
        dx = low.new_gradient(x) if wanted[0] else None
        plan.prelu_backward(low.steps, low.n, *_sizes(node), dy, values, slopes, dx, dslopes)


def _sizes(node: Node) -> tuple[Shape, Shape]:
    """The shapes of a sample and of the slopes, with three axes."""
    sizes: tuple[Shape, Shape] = node.settings["sizes"]
    return sizes


def _three_axes(shape: Shape, slopes: Shape) -> tuple[Shape, Shape]:
    """Both shapes with three axes: neighbours that are alike, shared or not, become one."""
    whole: list[int] = []
    own: list[int] = []
    for size, slope in zip(shape, slopes, strict=True):
        if size == 1 and whole:
            continue
        if whole and (own[-1] == 1) == (slope == 1) and whole[-1] != 1:
            whole[-1] *= size
            own[-1] *= slope
        else:
            whole.append(size)
            own.append(slope)
    if len(whole) > 3:
        raise NotSupportedError(
            f"slopes of shape {slopes} for samples of shape {shape} are not implemented: the axes that share them lie "
            "in too many places (supported: up to three groups of axes)."
        )
    padding = (1,) * (3 - len(whole))
    return (*padding, *whole), (*padding, *own)
