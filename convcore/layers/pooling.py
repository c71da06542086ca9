"""Pooling layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore.layers.base import Layer
from convcore.layers.validation import (
    InputSpec,
    Shape,
    check_output_sizes,
    output_size,
    standardize_data_format,
    standardize_padding,
    standardize_tuple,
)

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["MaxPool2D", "MaxPooling2D"]


class MaxPooling2D(Layer):
    """The maximum over windows of images.

    Input (batch, height, width, channels), output (batch, out_height, out_width, channels); `strides` None means
    `pool_size`. Per axis, ``padding="valid"`` gives ``(size - pool) // stride + 1`` outputs and ``"same"``
    ``ceil(size / stride)``, padded with minus infinity. The gradient goes to the first maximum of a window.

    >>> MaxPooling2D().compute_output_shape((None, 13, 13, 64))
    (None, 6, 6, 64)
    """

    _built_at_init = True

    def __init__(
        self,
        pool_size: int | tuple[int, int] = (2, 2),
        strides: int | tuple[int, int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.pool_size = standardize_tuple(pool_size, 2, "pool_size")
        self.strides = self.pool_size if strides is None else standardize_tuple(strides, 2, "strides")
        self.padding = standardize_padding(padding)
        self.data_format = standardize_data_format(data_format, type(self).__name__)
        self.input_spec = InputSpec(ndim=4)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, height, width, channels = input_shape
        sizes = [
            output_size(size, pool, stride, self.padding)
            for size, pool, stride in zip((height, width), self.pool_size, self.strides, strict=True)
        ]
        check_output_sizes(
            sizes,
            f"`inputs shape={tuple(input_shape)}`, `pool_size={self.pool_size}`, `strides={self.strides}`, "
            f"`padding={self.padding}`",
        )
        return (batch, sizes[0], sizes[1], channels)

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("max_pool2d", x, pool_size=self.pool_size, stride=self.strides, padding=self.padding)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


MaxPool2D = MaxPooling2D
