"""Variables that a call() of one's own computes with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore.errors import NotSupportedError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.symbolic import SymbolicTensor
from convcore.layers.validation import Shape
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Product", "Weight"]


class _OfVariable(Layer):
    """A layer that has a variable of another one."""

    _built_at_init = True

    def __init__(self, variable: Variable) -> None:
        super().__init__()
        (self._trainable_variables if variable.trainable else self._non_trainable_variables).append(variable)
        self.variable = variable


class Weight(_OfVariable):
    """A variable, for each sample of what stands beside it, a tensor of `ndim` axes.

    >>> Weight(Variable([1.0, 2.0]), ndim=2)([[7.0], [8.0]]).tolist()
    [[1.0, 2.0], [1.0, 2.0]]
    """

    def __init__(self, variable: Variable, ndim: int) -> None:
        super().__init__(variable)
        self._shape = variable.shape
        if len(self._shape) == ndim:
            if self._shape[0] != 1:
                raise ShapeError(f"A variable of shape {self._shape} has another value for each sample of a batch.")
            self._shape = self._shape[1:]

    def compute_output_shape(self, input_shape: Any) -> Shape:
        return (input_shape[0], *self._shape)

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("parameter", x, parameters=(self.variable,), shape=self._shape)


class Product(_OfVariable):
    """The matrix product of the last axis and a variable of two axes.

    >>> Product(Variable([[1.0], [2.0]]))([[3.0, 4.0]])
    array([[11.]], dtype=float32)
    """

    @classmethod
    def of(cls, x: SymbolicTensor, y: Any) -> Any:
        """``x @ y``. NotSupportedError if y is not such a variable."""
        if not isinstance(y, Variable) or len(y.shape) != 2:
            raise NotSupportedError(
                f"convcore does not implement matrix products between layers with {y!r:.80} (supported: a variable of "
                "add_weight with two axes)"
            )
        return cls(y)(x)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        if input_shape[-1] != self.variable.shape[0]:
            raise ShapeError(f"Shapes {tuple(input_shape)} and {self.variable.shape} have no matrix product.")
        return (*input_shape[:-1], self.variable.shape[1])

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("dense", x, parameters=(self.variable, None))
