"""Layers that only rearrange."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from convcore.checks import shown
from convcore.errors import ParameterError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.layout import to_channels_last
from convcore.layers.validation import LARGEST, InputSpec, Shape, either_data_format, times

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Flatten", "Identity", "Permute", "RepeatVector", "Reshape"]


class Flatten(Layer):
    """Each sample as one row: input (batch, a, b, ...), output (batch, a * b * ...).

    With ``data_format="channels_first"`` a row has the order of elements that the same sample has with its channels
    last, as Keras has it.

    >>> Flatten().compute_output_shape((None, 5, 5, 64))
    (None, 1600)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = either_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, *dims = input_shape
        return (batch, None if None in dims else math.prod(dims))

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("reshape", to_channels_last(graph, x, self.data_format), shape=(math.prod(x.shape),))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


class Identity(Layer):
    """The input as it is: what stands where a layer could.

    >>> Identity()([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]
    """

    _built_at_init = True

    def lower(self, graph: Graph, x: Value) -> Value:
        return x


class Permute(Layer):
    """The axes of each sample in another order: `dims` names them, counted from 1, which is the one behind the batch.

    >>> Permute((2, 1)).compute_output_shape((None, 10, 64))
    (None, 64, 10)
    """

    def __init__(self, dims: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        axes = _integers("dims", dims)
        if sorted(axes) != list(range(1, len(axes) + 1)):
            raise ParameterError(
                "Invalid permutation argument `dims` for Permute Layer. The set of indices in `dims` must be "
                f"consecutive and start from 1. Received dims={shown(dims)}"
            )
        self.dims = axes
        self.input_spec = InputSpec(ndim=len(axes) + 1)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("permute", x, order=tuple(axis - 1 for axis in self.dims))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": self.dims}


class RepeatVector(Layer):
    """Each sample `n` times, as the rows of a matrix: input (batch, features), output (batch, n, features).

    >>> RepeatVector(2)([[1.0, 3.0]]).tolist()
    [[[1.0, 3.0], [1.0, 3.0]]]
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = times(n, "n")
        self.input_spec = InputSpec(ndim=2)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, features = input_shape
        return (batch, self.n, features)

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("repeat", graph.add("reshape", x, shape=(1, *x.shape)), axis=0, times=self.n)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}


class Reshape(Layer):
    """Each sample in another shape, its elements in the same order: no step at all.

    Output (batch, *target_shape); one size may be -1 and follows from the others.

    >>> Reshape((-1, 2, 2)).compute_output_shape((None, 12))
    (None, 3, 2, 2)
    """

    _built_at_init = True

    def __init__(self, target_shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = _integers("target_shape", target_shape)
        if any(size < -1 for size in self.target_shape):
            raise ParameterError(
                "Each dimension in `target_shape` must be a non-negative integer, or `-1` for a single unknown "
                f"dimension. Received: target_shape={shown(self.target_shape)}."
            )
        if self.target_shape.count(-1) > 1:
            raise ParameterError(
                "There must be at most one unknown dimension (-1) in `target_shape`. Received: "
                f"target_shape={shown(self.target_shape)}."
            )

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, *dims = input_shape
        if None in dims:
            return (batch, *(None if size == -1 else size for size in self.target_shape))
        total, known = math.prod(dims), math.prod(size for size in self.target_shape if size != -1)
        received = f"Received: input_shape={tuple(dims)}, target_shape={self.target_shape}"
        if -1 not in self.target_shape and total != known:
            raise ShapeError(f"The total size of the tensor must be unchanged. {received}")
        if -1 in self.target_shape and (known == 0 or total % known != 0):
            raise ShapeError(
                "The total size of the tensor must be unchanged, however, the input size cannot by divided by the "
                f"specified dimensions in target_shape. {received}"
            )
        return (batch, *(total // known if size == -1 else size for size in self.target_shape))

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("reshape", x, shape=self.compute_output_shape((None, *x.shape))[1:])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": self.target_shape}


def _integers(name: str, value: Any) -> tuple[int, ...]:
    """A tuple or list of integers."""
    message = f"The `{name}` argument must be a tuple of integers. Received: {name}={shown(value)}"
    if not isinstance(value, (tuple, list, np.ndarray)):
        raise ParameterError(message)
    if any(isinstance(each, (bool, np.bool_)) for each in value):
        raise ParameterError(message)
    try:
        integers = tuple(operator.index(each) for each in value)
    except TypeError:
        raise ParameterError(message) from None
    if any(each > LARGEST for each in integers):
        raise ParameterError(f"{message}. Allowed: up to {LARGEST}.")
    return integers
