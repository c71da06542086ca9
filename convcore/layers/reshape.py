"""Layers that only rearrange."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcore.layers.base import Layer
from convcore.layers.layout import to_channels_last
from convcore.layers.validation import InputSpec, Shape, either_data_format

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Flatten"]


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
