"""Convolution split in two: each channel by itself, then all channels pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore import constraints, initializers, regularizers
from convcore.layers.depthwise import Depthwise
from convcore.layers.validation import positive_integer
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["SeparableConv2D", "SeparableConvolution2D"]


class SeparableConv2D(Depthwise):
    """A convolution of each channel by itself, then one of 1x1 that mixes them.

    Input (batch, height, width, channels), output (batch, out_height, out_width, filters); `depthwise_kernel` has the
    shape (kernel_height, kernel_width, channels, depth_multiplier), `pointwise_kernel` (1, 1, channels *
    depth_multiplier, filters) and `bias` (filters,). Sizes are those of `Conv2D`; strides and dilation are those of the
    first.

    >>> SeparableConv2D(4, 3, padding="same").compute_output_shape((None, 28, 28, 8))
    (None, 28, 28, 4)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            depth_multiplier,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            depthwise_initializer,
            bias_initializer,
            depthwise_regularizer,
            bias_regularizer,
            depthwise_constraint,
            bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = positive_integer(
            filters,
            f"Invalid value for argument `filters`. Expected a strictly positive value. Received filters={filters}.",
        )
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.pointwise_constraint = constraints.get(pointwise_constraint)
        self.depthwise_kernel: Variable | None = None
        self.pointwise_kernel: Variable | None = None

    def _filters(self, channels: int | None) -> int | None:
        return self.filters

    def build(self, input_shape: Any) -> None:
        channels = self._known_channels(input_shape)
        self.depthwise_kernel = self._add_filters(channels, "depthwise_kernel")
        self.pointwise_kernel = self.add_weight(
            shape=(1, 1, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            name="pointwise_kernel",
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self._add_bias(self.filters)

    def _convolve(self, graph: Graph, x: Value) -> Value:
        between = self._filter_channels(graph, x, self.depthwise_kernel, None)
        return graph.add("conv2d", between, parameters=(self.pointwise_kernel, self.bias))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            **self._windows_config(),
            "filters": self.filters,
            "pointwise_initializer": initializers.serialize(self.pointwise_initializer),
            "pointwise_regularizer": regularizers.serialize(self.pointwise_regularizer),
            "pointwise_constraint": constraints.serialize(self.pointwise_constraint),
        }


SeparableConvolution2D = SeparableConv2D
