"""A model as the engine sees it: values, and the nodes that compute them, whatever the batch size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from convcore.errors import NotSupportedError, ParameterError, ShapeError, StateError
from convcore.shapes import Geometry, conv2d_geometry, pool2d_geometry

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from convcore.variables import Variable

__all__ = ["ACTIVATIONS", "Graph", "Node", "PythonLayer", "Value"]

Shape = tuple[int, ...]

ACTIVATIONS = frozenset({"linear", "relu", "sigmoid", "softmax", "tanh"})


class PythonLayer(Protocol):
    """A layer that computes in NumPy."""

    def forward(self, x: npt.NDArray[np.float32], training: bool = ...) -> npt.NDArray[np.float32]: ...

    def backward(self, dy: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]: ...


@dataclass(eq=False, repr=False, slots=True)
class Value:
    """What a node computes for each sample: an array of `shape`, the batch axis left out."""

    shape: Shape
    producer: Node | None = None

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(eq=False, repr=False, slots=True)
class Node:
    """One operation: its kind, what it reads and computes, its parameters, its settings, and the layers it is of."""

    kind: str
    input: Value
    output: Value
    parameters: tuple[Variable | None, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    layers: tuple[str, ...] = ()


class Graph:
    """A chain of nodes from `input` to `output`; methods append a node and return its value."""

    def __init__(self, input_shape: Sequence[int]) -> None:
        self.input = Value(tuple(int(size) for size in input_shape))
        self.nodes: list[Node] = []
        # The layer that is being lowered, by name: its nodes bear it.
        self.layer: str | None = None
        self._output: Value | None = None

    @property
    def output(self) -> Value:
        if self._output is None:
            raise StateError("the graph has no output yet; set graph.output.")
        return self._output

    @output.setter
    def output(self, value: Value) -> None:
        if value is not (self.nodes[-1].output if self.nodes else self.input):
            raise StateError("the output of a graph is the value of its last node.")
        self._output = value

    def _append(
        self, kind: str, x: Value, shape: Shape, parameters: tuple[Variable | None, ...] = (), **settings: Any
    ) -> Value:
        if x is not (self.nodes[-1].output if self.nodes else self.input):
            raise NotSupportedError(
                "a value is read by one node only: branches are not implemented (supported: a chain of layers)."
            )
        node = Node(kind, x, Value(shape), parameters, settings, () if self.layer is None else (self.layer,))
        node.output.producer = node
        self.nodes.append(node)
        return node.output

    def conv2d(
        self,
        x: Value,
        kernel: Variable,
        bias: Variable | None,
        *,
        stride: Any,
        padding: Any,
        dilation: Any = (1, 1),
        activation: str = "linear",
    ) -> Value:
        geometry = conv2d_geometry((1, *x.shape), kernel.shape, stride=stride, padding=padding, dilation=dilation)
        relu = _relu_or_linear(activation)
        return self._append("conv2d", x, geometry.y_shape[1:], (kernel, bias), geometry=geometry, relu=relu)

    def max_pool2d(self, x: Value, pool_size: Any, stride: Any, padding: Any) -> Value:
        geometry: Geometry = pool2d_geometry((1, *x.shape), pool_size=pool_size, stride=stride, padding=padding)
        return self._append("max_pool2d", x, geometry.y_shape[1:], geometry=geometry)

    def dense(self, x: Value, kernel: Variable, bias: Variable | None, *, activation: str = "linear") -> Value:
        if not x.shape or x.shape[-1] != kernel.shape[0]:
            raise ShapeError(
                f"the last axis of the input (shape {x.shape}) must be {kernel.shape[0]} long, as the kernel's first."
            )
        return self._append(
            "dense", x, (*x.shape[:-1], kernel.shape[1]), (kernel, bias), relu=_relu_or_linear(activation)
        )

    def activation(self, x: Value, name: str) -> Value:
        if name not in ACTIVATIONS:
            raise NotSupportedError(
                f"activation {name!r} is not implemented (supported: {', '.join(sorted(ACTIVATIONS))})."
            )
        if name == "linear":
            return x
        if name == "relu":
            return self.relu(x)
        return self._append(name, x, x.shape)

    def relu(
        self, x: Value, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0
    ) -> Value:
        return self._append("relu", x, x.shape, max_value=max_value, negative_slope=negative_slope, threshold=threshold)

    def reshape(self, x: Value, shape: Sequence[int]) -> Value:
        if math.prod(shape) != x.size:
            raise ShapeError(f"cannot reshape {x.shape} to {tuple(shape)}: {x.size} elements to {math.prod(shape)}.")
        return self._append("reshape", x, tuple(shape))

    def scale_shift(self, x: Value, scale: float, offset: float) -> Value:
        return self._append("scale_shift", x, x.shape, scale=float(scale), offset=float(offset))

    def dropout(self, x: Value, rate: float, seed: int) -> Value:
        return self._append("dropout", x, x.shape, rate=float(rate), seed=int(seed))

    def python(self, x: Value, layer: PythonLayer, output_shape: Sequence[int]) -> Value:
        if any(size < 0 for size in output_shape):
            raise ShapeError(f"the output shape {tuple(output_shape)} of a custom layer must be known.")
        return self._append("python", x, tuple(output_shape), layer=layer)


def _relu_or_linear(activation: str) -> bool:
    if activation not in {"linear", "relu"}:
        raise ParameterError(f"activation: expected 'linear' or 'relu', got {activation!r}.")
    return activation == "relu"
