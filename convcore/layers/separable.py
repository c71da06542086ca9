"""Convolution split in two: each channel by itself, then all channels pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore import constraints, initializers, regularizers
from convcore.layers.depthwise import Depthwise
from convcore.layers.validation import positive_integer
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D"]


class _SeparableConv(Depthwise):
    """What separable convolutions share: a kernel for each channel, one for all channels, a bias."""

    def __init__(
        self,
        filters: Any,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        data_format: Any,
        dilation_rate: Any,
        depth_multiplier: Any,
        activation: Any,
        use_bias: Any,
        depthwise_initializer: Any,
        pointwise_initializer: Any,
        bias_initializer: Any,
        depthwise_regularizer: Any,
        pointwise_regularizer: Any,
        bias_regularizer: Any,
        depthwise_constraint: Any,
        pointwise_constraint: Any,
        bias_constraint: Any,
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
            shape=(*(1,) * self._axes, channels * self.depth_multiplier, self.filters),
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
            "filters": self.filters,
            "pointwise_initializer": initializers.serialize(self.pointwise_initializer),
            "pointwise_regularizer": regularizers.serialize(self.pointwise_regularizer),
            "pointwise_constraint": constraints.serialize(self.pointwise_constraint),
        }


class SeparableConv1D(_SeparableConv):
    """A convolution of each channel of lines by itself, then one of size 1 that mixes them; see `SeparableConv2D`.

    Input (batch, length, channels), output (batch, out_length, filters), or the channels after the batch with
    ``data_format="channels_first"``; `depthwise_kernel` has the shape (kernel_size, channels, depth_multiplier),
    `pointwise_kernel` (1, channels * depth_multiplier, filters) and `bias` (filters,).

    >>> SeparableConv1D(4, 3, strides=2).compute_output_shape((None, 100, 8))
    (None, 49, 4)
    """

    _axes = 1

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int],
        strides: int | tuple[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int] = 1,
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
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            depth_multiplier,
            activation,
            use_bias,
            depthwise_initializer,
            pointwise_initializer,
            bias_initializer,
            depthwise_regularizer,
            pointwise_regularizer,
            bias_regularizer,
            depthwise_constraint,
            pointwise_constraint,
            bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )


class SeparableConv2D(_SeparableConv):
    """A convolution of each channel by itself, then one of 1x1 that mixes them.

    Input (batch, height, width, channels), output (batch, out_height, out_width, filters), or the channels after the
    batch with ``data_format="channels_first"``; `depthwise_kernel` has the shape (kernel_height, kernel_width,
    channels, depth_multiplier), `pointwise_kernel` (1, 1, channels * depth_multiplier, filters) and `bias` (filters,).
    Sizes are those of `Conv2D`; strides and dilation are those of the first.

    >>> SeparableConv2D(4, 3, padding="same").compute_output_shape((None, 28, 28, 8))
    (None, 28, 28, 4)
    """

    _axes = 2

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
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            depth_multiplier,
            activation,
            use_bias,
            depthwise_initializer,
            pointwise_initializer,
            bias_initializer,
            depthwise_regularizer,
            pointwise_regularizer,
            bias_regularizer,
            depthwise_constraint,
            pointwise_constraint,
            bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )


SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
