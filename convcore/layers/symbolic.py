"""Stand-ins for the arrays that will flow between layers, and the calls of layers that join them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convcore.layers.base import Layer
    from convcore.program import Graph, Value

__all__ = ["Call", "SymbolicTensor", "call", "is_recording", "recording"]

Shape = tuple[int | None, ...]


@dataclass(frozen=True, eq=False)
class SymbolicTensor:
    """What a layer takes or gives: `shape` with the batch axis first (None where not known), `dtype` and `name`."""

    shape: Shape
    dtype: str
    name: str
    layer: Layer = field(repr=False)
    #: The call that gives it, and which of its outputs it is.
    call: Call = field(repr=False)
    index: int = field(default=0, repr=False)

    # Arithmetic with a NumPy array is refused here, and not tried element by element there.
    __array_ufunc__ = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __add__(self, other: Any) -> Any:
        return _combined("Add", self, other) if isinstance(other, SymbolicTensor) else _scaled(self, 1.0, other)

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, SymbolicTensor):
            return _combined("Subtract", self, other)
        return _scaled(self, 1.0, -other) if isinstance(other, Real) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return _scaled(self, -1.0, other)

    def __mul__(self, other: Any) -> Any:
        return _combined("Multiply", self, other) if isinstance(other, SymbolicTensor) else _scaled(self, other, 0.0)

    def __truediv__(self, other: Any) -> Any:
        return _scaled(self, 1.0 / other, 0.0) if isinstance(other, Real) else NotImplemented

    def __neg__(self) -> Any:
        return _scaled(self, -1.0, 0.0)

    __radd__, __rmul__ = __add__, __mul__


def _combined(kind: str, one: SymbolicTensor, other: SymbolicTensor) -> Any:
    """What a merge layer gives for two tensors."""
    from convcore.layers import merging

    return getattr(merging, kind)()([one, other])


def _scaled(tensor: SymbolicTensor, scale: Any, offset: Any) -> Any:
    """``tensor * scale + offset``, for two numbers."""
    from convcore.layers.rescaling import Rescaling

    if not isinstance(scale, Real) or not isinstance(offset, Real):
        return NotImplemented
    return Rescaling(float(scale), float(offset))(tensor)


class Call:
    """One use of a layer in a functional model: what it was given and what it gives.

    `owner` is the Sequential model that made it, if it is not the user's. `training` is False where the layer computes
    what it does in inference, whatever the model does, and None where it follows the model.
    """

    def __init__(
        self,
        layer: Layer,
        inputs: Sequence[SymbolicTensor],
        shapes: Sequence[Shape],
        names: Sequence[str] | None = None,
        owner: object = None,
        training: bool | None = None,
    ) -> None:
        self.layer = layer
        self.inputs = tuple(inputs)
        self.owner = owner
        self.training = training
        labels = names or [f"{layer.name}_output"] * len(shapes)
        dtype = getattr(layer, "dtype", "float32")
        self.outputs = tuple(
            SymbolicTensor(shape, dtype, label, layer, self, index)
            for index, (shape, label) in enumerate(zip(shapes, labels, strict=True))
        )


    def lower(self, graph: Graph, xs: list[Value]) -> list[Value]:
        """Add the layer to `graph` behind the values `xs` of the inputs; returns those of the outputs."""
        graph.layer, inferred = self.layer.name, graph.infers
        graph.infers = inferred or self.training is False
        values = self.layer.lower_with_penalty(graph, xs)
        graph.infers = inferred
        return values


#: Where a call() of one's own runs to see what it calls: those calls, which are no part of any model.
_recorded: ContextVar[list[Call] | None] = ContextVar("convcore_recorded_calls", default=None)


@contextmanager
def recording() -> Iterator[list[Call]]:
    """Within it, calls of layers on symbolic tensors are those of the list that it gives."""
    calls: list[Call] = []
    token = _recorded.set(calls)
    try:
        yield calls
    finally:
        _recorded.reset(token)


def is_recording() -> bool:
    """Whether a call() of one's own is being looked at."""
    return _recorded.get() is not None


def call(layer: Layer, tensors: Sequence[SymbolicTensor], training: bool | None = None) -> Any:
    """Use `layer`, which is built if it is not yet, on `tensors`: what it gives, as a call on arrays would."""
    made = Call(layer, tensors, layer._connect_all([tensor.shape for tensor in tensors]), training=training)
    recorded = _recorded.get()
    (layer._calls if recorded is None else recorded).append(made)
    return layer._packed(made.outputs)
