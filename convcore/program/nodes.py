"""What each kind of node does forward and backward, as steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from convcore.errors import ShapeError
from convcore.plans import conv, conv_pool, dense, pointwise, pool
from convcore.program.graph import Node, PythonLayer, Shape
from convcore.shapes import Geometry

if TYPE_CHECKING:
    from convcore.engine import native
    from convcore.program.lowering import Lowering

__all__ = ["NODES"]


class Kind(Protocol):
    """`forward` computes node.output from node.input. `backward` turns the gradient of node.output into the gradients
    of the parameters and, where it is `wanted`, of node.input."""

    def forward(self, low: Lowering, node: Node) -> None: ...

    def backward(self, low: Lowering, node: Node, wanted: bool) -> None: ...


def _rows(low: Lowering, shape: Shape) -> tuple[int, int]:
    """A batch of `shape` as rows of its last axis."""
    columns = shape[-1] if shape else 1
    count = low.n
    for size in shape[:-1]:
        count *= size
    return count, columns


class Conv2D:
    def forward(self, low: Lowering, node: Node) -> None:
        g = node.settings["geometry"].with_batch(low.n)
        w, bias = low.parameters_of(node)
        conv.forward(
            low.steps, g, low.value(node.input), w, bias, low.new_value(node.output), relu=node.settings["relu"]
        )

    def backward(self, low: Lowering, node: Node, wanted: bool) -> None:
        g = node.settings["geometry"].with_batch(low.n)
        dy = low.masked_gradient(node.output) if node.settings["relu"] else low.gradient(node.output)
        dw, db = low.gradients_of(node)
        conv.backward_weights(low.steps, g, low.value(node.input), dy, dw, db)
        if wanted:
            w, _ = low.parameters_of(node)
            conv.backward_data(low.steps, g, dy, w, low.new_gradient(node.input))


class Conv2DPool:
    """A convolution, its ReLU and the max-pool behind it."""

    def forward(self, low: Lowering, node: Node) -> None:
        g, behind = self._geometries(low, node)
        codes = low.steps.bytes(low.n * node.output.size) if low.training else None
        if codes is not None:
            low.save(node, codes)
        w, bias = low.parameters_of(node)
        x, y = low.value(node.input), low.new_value(node.output)
        conv_pool.forward(low.steps, g, behind, x, w, bias, y, codes, relu=node.settings["relu"], exact=low.exact)

    def backward(self, low: Lowering, node: Node, wanted: bool) -> None:
        g, behind = self._geometries(low, node)
        dy = low.masked_gradient(node.output) if node.settings["relu"] else low.gradient(node.output)
        dw, db = low.gradients_of(node)
        conv_pool.backward_weights(low.steps, g, behind, low.value(node.input), dy, low.saved(node), dw, db)
        if wanted:
            w, _ = low.parameters_of(node)
            dx = low.new_gradient(node.input)
            conv_pool.backward_data(low.steps, g, behind, dy, low.saved(node), w, dx, low.take_mask(node.input))
        low.steps.release(low.saved(node))

    def _geometries(self, low: Lowering, node: Node) -> tuple[Geometry, Geometry]:
        return node.settings["geometry"].with_batch(low.n), node.settings["pool"].with_batch(low.n)


class MaxPool2D:
    def forward(self, low: Lowering, node: Node) -> None:
        g = node.settings["geometry"].with_batch(low.n)
        indices = low.steps.bytes(4 * low.n * node.output.size) if low.training else None
        if indices is not None:
            low.save(node, indices)
        pool.max_pool2d(low.steps, g, low.value(node.input), low.new_value(node.output), indices)

    def backward(self, low: Lowering, node: Node, wanted: bool) -> None:
        if not wanted:
            return
        g = node.settings["geometry"].with_batch(low.n)
        pool.max_pool2d_backward(low.steps, g, low.gradient(node.output), low.saved(node), low.new_gradient(node.input))
        low.steps.release(low.saved(node))


class Dense:
    def forward(self, low: Lowering, node: Node) -> None:
        (n, ic), oc = _rows(low, node.input.shape), node.output.shape[-1]
        w, bias = low.parameters_of(node)
        dense.forward(
            low.steps, n, ic, oc, low.value(node.input), w, bias, low.new_value(node.output), relu=node.settings["relu"]
        )

    def backward(self, low: Lowering, node: Node, wanted: bool) -> None:
        (n, ic), oc = _rows(low, node.input.shape), node.output.shape[-1]
        dy = low.masked_gradient(node.output) if node.settings["relu"] else low.gradient(node.output)
        dw, db = low.gradients_of(node)
        dense.backward_weights(low.steps, n, ic, oc, low.value(node.input), dy, dw)
        if db is not None:
            dense.backward_bias(low.steps, n, oc, dy, db)
        if wanted:
            w, _ = low.parameters_of(node)
            dense.backward_data(low.steps, n, ic, oc, dy, w, low.new_gradient(node.input))


class Pointwise:
    """relu, sigmoid, tanh."""

    def _fields(self, node: Node) -> dict[str, float]:
        if node.kind != "relu":
            return {}
        names = ("negative_slope", "threshold", "max_value")
        return pointwise.relu_fields(**{name: node.settings[name] for name in names})

    def forward(self, low: Lowering, node: Node) -> None:
        count = low.n * node.input.size
        x = low.value(node.input)
        pointwise.activation(low.steps, node.kind, count, x, low.new_value(node.output), self._fields(node))

    def backward(self, low: Lowering, node: Node, wanted: bool) -> None:
        if wanted:
            buffers = (
                low.gradient(node.output),
                low.value(node.input),
                low.value(node.output),
                low.new_gradient(node.input),
            )
            pointwise.activation_backward(low.steps, node.kind, low.n * node.input.size, *buffers, self._fields(node))


class Softmax:
    def forward(self, low: Lowering, node: Node) -> None:
        n, classes = _rows(low, node.input.shape)
        pointwise.softmax(low.steps, n, classes, low.value(node.input), low.new_value(node.output))

    def backward(self, low: Lowering, node: Node, wanted: bool) -> None:
        if wanted:
            n, classes = _rows(low, node.input.shape)
            y = low.value(node.output)
            pointwise.softmax_backward(
                low.steps, n, classes, low.gradient(node.output), y, low.new_gradient(node.input)
            )


class Reshape:
    def forward(self, low: Lowering, node: Node) -> None:
        low.alias(node.output, node.input)

    def backward(self, low: Lowering, node: Node, wanted: bool) -> None:
        if wanted:
            low.alias_gradient(node.input, node.output)


class ScaleShift:
    def forward(self, low: Lowering, node: Node) -> None:
        self._step(low, node, node.settings["offset"], low.value(node.input), low.new_value(node.output))

    def backward(self, low: Lowering, node: Node, wanted: bool) -> None:
        if wanted:
            self._step(low, node, 0.0, low.gradient(node.output), low.new_gradient(node.input))

    def _step(self, low: Lowering, node: Node, offset: float, *buffers: Any) -> None:
        count = low.n * node.input.size
        low.steps.add("scale_shift", {"count": count, "a": node.settings["scale"], "b": offset}, *buffers, work=count)


class Dropout:
    def forward(self, low: Lowering, node: Node) -> None:
        if low.training:
            self._step(low, node, low.value(node.input), low.new_value(node.output))
        else:
            low.alias(node.output, node.input)

    def backward(self, low: Lowering, node: Node, wanted: bool) -> None:
        if wanted:
            self._step(low, node, low.gradient(node.output), low.new_gradient(node.input))

    def _step(self, low: Lowering, node: Node, x: Any, y: Any) -> None:
        count = low.n * node.input.size
        # Layers of one seed still get masks of their own.
        seed = (node.settings["seed"] + node.settings["index"] * 0x9E3779B97F4A7C15) % 2**63
        fields = {"count": count, "kind": seed, "a": node.settings["rate"]}
        low.steps.add("dropout", fields, x, low.steps.bind(low.random_state), y, work=count * 4)


class Python:
    """A custom layer: NumPy between two native calls."""

    def forward(self, low: Lowering, node: Node) -> None:
        layer: PythonLayer = node.settings["layer"]
        look = low.view(low.value(node.input), node.input.shape)
        result = low.view(low.new_value(node.output), node.output.shape)
        training = low.training

        def call(arena: native.Arena, externals: Sequence[Any]) -> None:
            y = layer.forward(look(arena, externals).copy(), training=training)
            _put(result(arena, externals), y, layer, "forward")

        low.python(call)

    def backward(self, low: Lowering, node: Node, wanted: bool) -> None:
        layer: PythonLayer = node.settings["layer"]
        look = low.view(low.gradient(node.output), node.output.shape)
        result = low.view(low.new_gradient(node.input), node.input.shape)

        def call(arena: native.Arena, externals: Sequence[Any]) -> None:
            dx = layer.backward(look(arena, externals).copy())
            _put(result(arena, externals), dx, layer, "backward")

        low.python(call)


def _put(place: np.ndarray[Any, Any], result: Any, layer: object, direction: str) -> None:
    array = np.asarray(result)
    if array.shape != place.shape:
        raise ShapeError(f"{type(layer).__name__}.{direction} returned shape {array.shape}, expected {place.shape}.")
    place[...] = array


NODES: dict[str, Kind] = {
    "conv2d": Conv2D(),
    "conv2d_pool": Conv2DPool(),
    "dense": Dense(),
    "dropout": Dropout(),
    "max_pool2d": MaxPool2D(),
    "python": Python(),
    "relu": Pointwise(),
    "reshape": Reshape(),
    "scale_shift": ScaleShift(),
    "sigmoid": Pointwise(),
    "softmax": Softmax(),
    "tanh": Pointwise(),
}
