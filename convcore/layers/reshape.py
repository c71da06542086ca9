"""Layers that only rearrange."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcore.layers.base import Layer
from convcore.layers.validation import InputSpec, Shape, standardize_data_format

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Flatten"]


class Flatten(Layer):
    """Each sample as one row: input (batch, a, b, ...), output (batch, a * b * ...).

    >>> Flatten().compute_output_shape((None, 5, 5, 64))
    (None, 1600)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format, type(self).__name__)
        self.input_spec = InputSpec(min_ndim=1)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, *dims = input_shape
        return (batch, None if None in dims else math.prod(dims))

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("reshape", x, shape=(math.prod(x.shape),))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}
