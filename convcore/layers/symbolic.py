"""Stand-ins for the arrays that will flow between layers, and the calls of layers that join them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from convcore.errors import MissingAttributeError, NotSupportedError
from convcore.variables import Variable, changeable

if TYPE_CHECKING:
    from convcore.layers.base import Layer
    from convcore.program import Graph, Value

__all__ = ["Call", "SymbolicTensor", "call", "is_recording", "recording"]

Shape = tuple[int | None, ...]

#: Operators with something else before them, by the functions that NumPy calls for its own numbers and arrays.
REFLECTED = {np.add: "__radd__", np.multiply: "__rmul__", np.subtract: "__rsub__", np.divide: "__rtruediv__"}


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

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Arithmetic with a number of NumPy's before an operator; all else is refused by name."""
        if ufunc in REFLECTED and inputs[1] is self and method == "__call__" and not kwargs:
            result = getattr(self, REFLECTED[ufunc])(inputs[0])
            if result is not NotImplemented:
                return result
        raise _refused(
            f"numpy.{ufunc.__name__} of a tensor between layers",
            "layers, + - * / with numbers, functions of keras.ops",
        )

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __add__(self, other: Any) -> Any:
        return self._joined("Add", other, 1.0, 1.0)

    def __sub__(self, other: Any) -> Any:
        return self._joined("Subtract", other, 1.0, -1.0)

    def __rsub__(self, other: Any) -> Any:
        return (-self)._joined("Add", other, 1.0, 1.0)

    def __mul__(self, other: Any) -> Any:
        return self._joined("Multiply", other, None, 0.0)

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, SymbolicTensor | Variable):
            raise _refused("the quotient of two tensors between layers", "division by numbers")
        return self._joined("Multiply", 1.0 / other, None, 0.0) if isinstance(other, Real) else NotImplemented

    def _joined(self, kind: str, other: Any, scale: float | None, sign: float) -> Any:
        """What a merge layer gives for this and another tensor, or a variable; with a number it is
        ``self * scale + sign * number``, or without a `scale` the product."""
        if isinstance(other, Variable):
            from convcore.layers.variable import Weight

            other = Weight(other, self.ndim)(self)
        if isinstance(other, SymbolicTensor):
            from convcore.layers import merging

            return getattr(merging, kind)()([self, other])
        if isinstance(other, list | tuple):
            raise _refused("sums and products of a tensor between layers and a list", "layers, numbers, variables")
        if not isinstance(other, Real) and not (isinstance(other, np.ndarray) and other.ndim == 0):
            return NotImplemented
        from convcore.layers.rescaling import Rescaling

        number = float(other)
        return Rescaling(number if scale is None else scale, sign * number)(self)

    def __neg__(self) -> Any:
        return self * -1.0

    def __abs__(self) -> Any:
        from convcore.layers.activation import ReLU

        return ReLU()(self) + ReLU()(-self)

    def __pow__(self, exponent: Any) -> Any:
        if exponent not in (1, 2, 3, 4):
            raise _refused(f"** {exponent!r} of a tensor between layers", "1, 2, 3 and 4")
        square = self if exponent == 1 else self * self
        return square if exponent < 3 else square * (self if exponent == 3 else square)

    def activated(self, name: str, arguments: dict[str, Any]) -> Any:
        """What the function `name` of `convcore.activations` gives."""
        from convcore.layers.functions import apply

        return apply(name, [self], arguments)

    def __getitem__(self, key: Any) -> Any:
        from convcore.layers.slicing import Slice

        return Slice(key)(self)

    def __matmul__(self, other: Any) -> Any:
        from convcore.layers.variable import Product

        return Product.of(self, other)

    __radd__, __rmul__ = __add__, __mul__

    def _refuse(self, *args: Any) -> Any:
        raise _refused("values of a tensor between layers: it has none yet", "layers, + - * /, functions of keras.ops")

    __array__ = __bool__ = __float__ = __ge__ = __gt__ = __int__ = __iter__ = __le__ = __lt__ = _refuse
    __rtruediv__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise MissingAttributeError(
            f"convcore does not implement {name} of a tensor between layers (supported: shape, dtype, ndim)"
        )


def _refused(what: str, supported: str) -> NotSupportedError:
    return NotSupportedError(f"convcore does not implement {what} (supported: {supported})")


class Call:
    """One use of a layer in a functional model: what it was given and what it gives.

    `owner` is the Sequential model that made it, if it is not the user's. `training` is False where the layer computes
    what it does in inference, whatever the model does, True where it draws as in training, and None where it follows
    the model.
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
        graph.layer, before = self.layer.name, (graph.infers, graph.draws)
        graph.draws = self.training is True
        graph.infers = (graph.infers or self.training is False) and not graph.draws
        values = self.layer.lower_with_penalty(graph, xs)
        graph.infers, graph.draws = before
        return values


#: Where a call() of one's own runs to see what it calls: those calls, which are no part of any model.
_recorded: ContextVar[list[Call] | None] = ContextVar("convcore_recorded_calls", default=None)


@contextmanager
def recording() -> Iterator[list[Call]]:
    """Within it, calls of layers on symbolic tensors are those of the list that it gives."""
    calls: list[Call] = []
    token = _recorded.set(calls)
    try:
        with changeable(False):
            yield calls
    finally:
        _recorded.reset(token)


def is_recording() -> bool:
    """Whether a call() of one's own is being looked at."""
    return _recorded.get() is not None


def call(layer: Layer, tensors: Sequence[SymbolicTensor], training: bool | None = None) -> Any:
    """Use `layer`, which is built if it is not yet, on `tensors`: what it gives, as a call on arrays would."""
    with changeable(True):  # by a build() of one's own
        shapes = layer._connect_all([tensor.shape for tensor in tensors])
    made = Call(layer, tensors, shapes, training=training)
    recorded = _recorded.get()
    if recorded is None:
        layer._calls.append(made)
    else:
        layer._inner_call = made
        recorded.append(made)
    return layer._packed(made.outputs)
