"""Stand-ins for the arrays that will flow between layers, and the calls of layers that join them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convcore.layers.base import Layer

__all__ = ["Call", "SymbolicTensor", "call"]

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

    `owner` is the Sequential model that made it, if it is not the user's.
    """

    def __init__(
        self,
        layer: Layer,
        inputs: Sequence[SymbolicTensor],
        shapes: Sequence[Shape],
        names: Sequence[str] | None = None,
        owner: object = None,
    ) -> None:
        self.layer = layer
        self.inputs = tuple(inputs)
        self.owner = owner
        labels = names or [f"{layer.name}_output"] * len(shapes)
        dtype = getattr(layer, "dtype", "float32")
        self.outputs = tuple(
            SymbolicTensor(shape, dtype, label, layer, self, index)
            for index, (shape, label) in enumerate(zip(shapes, labels, strict=True))
        )


def call(layer: Layer, tensors: Sequence[SymbolicTensor], owner: object = None) -> Any:
    """Use `layer`, which is built if it is not yet, on `tensors`: what it gives, as a call on arrays would."""
    made = Call(layer, tensors, layer._connect_all([tensor.shape for tensor in tensors]), owner=owner)
    layer._calls.append(made)
    return layer._packed(made.outputs)
