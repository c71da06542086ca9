"""What makes one value of several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import ShapeError
from convcore.plans import merge
from convcore.program.nodes.kind import Kind, Parameters
from convcore.program.values import Node, Shape

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering

__all__ = ["Concatenate", "Extremum", "Multiply", "Repeat", "Subtract", "Sum"]


class _Merge(Kind):
    """``x op y``, element by element, of two values of one shape."""

    elementwise = True

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        x, y = shapes
        if x != y:
            raise ShapeError(f"two shapes that are to be merged differ: {x} and {y}. Repeat the axes of length 1.")
        return x

    def forward(self, low: Lowering, node: Node) -> None:
        x, y = (low.value(each) for each in node.inputs)
        divisor = node.settings.get("divisor", 1.0)
        merge.merge(low.steps, node.kind, low.n * node.output.size, x, y, low.new_value(node.output), divisor)


class Sum(_Merge):
    """``x + y``, and as "average" ``(x + y) / divisor``."""

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        divisor, count = node.settings.get("divisor", 1.0), low.n * node.output.size
        first: Any = None
        for x, is_wanted in zip(node.inputs, wanted, strict=True):
            if not is_wanted:
                continue
            if divisor == 1.0:
                low.alias_gradient(x, node.output)
            elif first is not None:
                low.alias_gradient(x, first)
            else:
                fields = {"count": count, "a": 1 / divisor, "b": 0.0}
                low.steps.add("scale_shift", fields, low.gradient(node.output), low.new_gradient(x), work=count)
                first = x


class Subtract(_Merge):
    """``x - y``."""

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        x, y = node.inputs
        if wanted[0]:
            low.alias_gradient(x, node.output)
        if wanted[1]:
            count = low.n * node.output.size
            fields = {"count": count, "a": -1.0, "b": 0.0}
            low.steps.add("scale_shift", fields, low.gradient(node.output), low.new_gradient(y), work=count)


class Multiply(_Merge):
    """``x * y``."""

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        count, dz = low.n * node.output.size, low.gradient(node.output)
        for x, y, is_wanted in zip(node.inputs, reversed(node.inputs), wanted, strict=True):
            if is_wanted:
                merge.merge(low.steps, "multiply", count, dz, low.value(y), low.new_gradient(x))


class Extremum(_Merge):
    """The "maximum" or the "minimum" of x and y: NaN if one is; where they are equal, both get half of the gradient."""

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        count, dz = low.n * node.output.size, low.gradient(node.output)
        for x, y, is_wanted in zip(node.inputs, reversed(node.inputs), wanted, strict=True):
            if is_wanted:
                buffers = low.value(x), low.value(y), low.new_gradient(x)
                merge.extremum_backward(low.steps, node.kind, count, dz, *buffers)


class Repeat(Kind):
    """A value whose axis `axis`, of length 1, becomes one of length `times`. Settings: axis, times."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        (x,), axis = shapes, settings["axis"]
        if x[axis] != 1:
            raise ShapeError(f"only an axis of length 1 can be repeated; axis {axis} of {x} has length {x[axis]}.")
        return (*x[:axis], settings["times"], *x[axis + 1 :])

    def forward(self, low: Lowering, node: Node) -> None:
        merge.repeat(low.steps, *self._sizes(low, node), low.value(node.inputs[0]), low.new_value(node.output))

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        if wanted[0]:
            dy, dx = low.gradient(node.output), low.new_gradient(node.inputs[0])
            merge.repeat_backward(low.steps, *self._sizes(low, node), dy, dx)

    def _sizes(self, low: Lowering, node: Node) -> tuple[int, int, int]:
        shape, axis = node.output.shape, node.settings["axis"]
        return low.n * math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])


class Concatenate(Kind):
    """Values side by side along `axis`, the others of equal lengths. Settings: axis."""

    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        axis, first = settings["axis"], shapes[0]
        if any((*x[:axis], *x[axis + 1 :]) != (*first[:axis], *first[axis + 1 :]) for x in shapes):
            raise ShapeError(f"shapes that are concatenated differ beside axis {axis}: {', '.join(map(str, shapes))}.")
        return (*first[:axis], sum(x[axis] for x in shapes), *first[axis + 1 :])

    def forward(self, low: Lowering, node: Node) -> None:
        y, whole, at = low.new_value(node.output), self._columns(node, node.output.shape), 0
        for x in node.inputs:
            columns = self._columns(node, x.shape)
            merge.copy_columns(low.steps, self._rows(low, node), columns, low.value(x), columns, y.at(at), whole)
            at += low.steps.item_bytes * columns

    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        dy, whole, at = low.gradient(node.output), self._columns(node, node.output.shape), 0
        for x, is_wanted in zip(node.inputs, wanted, strict=True):
            columns = self._columns(node, x.shape)
            if is_wanted:
                dx = low.new_gradient(x)
                merge.copy_columns(low.steps, self._rows(low, node), columns, dy.at(at), whole, dx, columns)
            at += low.steps.item_bytes * columns

    def _rows(self, low: Lowering, node: Node) -> int:
        return low.n * math.prod(node.output.shape[: node.settings["axis"]])

    def _columns(self, node: Node, shape: Shape) -> int:
        return math.prod(shape[node.settings["axis"] :])
