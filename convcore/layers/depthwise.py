"""Convolution with filters of its own for each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore import activations, constraints, initializers, regularizers
from convcore.errors import ShapeError
from convcore.layers.activation import activate
from convcore.layers.base import Layer
from convcore.layers.layout import (
    from_channels_last,
    shape_from_channels_last,
    shape_to_channels_last,
    to_channels_last,
)
from convcore.layers.validation import (
    InputSpec,
    Shape,
    check_output_sizes,
    either_data_format,
    output_size,
    positive_integer,
    standardize_padding,
    standardize_tuple,
)
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Depthwise", "DepthwiseConv2D"]


class Depthwise(Layer):
    """What layers share that filter each channel by itself: windows over images, `depth_multiplier` filters for each
    channel, a bias at the end."""

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        depth_multiplier: Any,
        data_format: Any,
        dilation_rate: Any,
        activation: Any,
        use_bias: Any,
        depthwise_initializer: Any,
        bias_initializer: Any,
        depthwise_regularizer: Any,
        bias_regularizer: Any,
        depthwise_constraint: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.depth_multiplier = positive_integer(
            depth_multiplier,
            "Invalid value for argument `depth_multiplier`. Expected a strictly positive value. Received "
            f"depth_multiplier={depth_multiplier}.",
        )
        self.kernel_size = standardize_tuple(kernel_size, 2, "kernel_size")
        self.strides = standardize_tuple(strides, 2, "strides")
        self.dilation_rate = standardize_tuple(dilation_rate, 2, "dilation_rate")
        self.padding = standardize_padding(padding)
        self.data_format = either_data_format(data_format)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=4)
        self.bias: Variable | None = None

    def _filters(self, channels: int | None) -> int | None:
        raise NotImplementedError

    def _known_channels(self, input_shape: Any) -> int:
        """The channels of an input that the layer can be built for; the layer takes no others from then on."""
        axis = 1 if self.data_format == "channels_first" else -1
        channels = input_shape[axis]
        if not channels:
            raise ShapeError(
                f"The channel dimension of the inputs of layer '{self.name}' must be known and at least 1. "
                f"Full shape received: {input_shape}"
            )
        self.compute_output_shape(input_shape)
        self.input_spec = InputSpec(ndim=4, axes={axis: channels})
        return int(channels)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, height, width, channels = shape_to_channels_last(tuple(input_shape), self.data_format)
        filters = self._filters(channels)
        sizes = [
            output_size(size, kernel, stride, self.padding, dilation)
            for size, kernel, stride, dilation in zip(
                (height, width), self.kernel_size, self.strides, self.dilation_rate, strict=True
            )
        ]
        check_output_sizes(
            sizes,
            f"`inputs shape={tuple(input_shape)}`, `kernel shape={(*self.kernel_size, channels, filters)}`, "
            f"`dilation_rate=[{self.dilation_rate[0]} {self.dilation_rate[1]}]`, `strides={self.strides}`, "
            f"`padding={self.padding}`",
        )
        return shape_from_channels_last((batch, sizes[0], sizes[1], filters), self.data_format)

    def _convolve(self, graph: Graph, x: Value) -> Value:
        """The layer's nodes up to its activation, channels last."""
        raise NotImplementedError

    def lower(self, graph: Graph, x: Value) -> Value:
        y = activate(graph, self._convolve(graph, to_channels_last(graph, x, self.data_format)), self.activation)
        return from_channels_last(graph, y, self.data_format)

    def _add_filters(self, channels: int, name: str) -> Variable:
        return self.add_weight(
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            name=name,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )

    def _add_bias(self, count: int) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(count,),
                initializer=self.bias_initializer,
                name="bias",
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _filter_channels(self, graph: Graph, x: Value, kernel: Variable | None, bias: Variable | None) -> Value:
        return graph.add(
            "conv2d",
            x,
            parameters=(kernel, bias),
            stride=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            depthwise=True,
        )

    def _windows_config(self) -> dict[str, Any]:
        return {
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "depth_multiplier": self.depth_multiplier,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class DepthwiseConv2D(Depthwise):
    """2-D convolution of each channel of images with `depth_multiplier` kernels of its own.

    Input (batch, height, width, channels), output (batch, out_height, out_width, channels * depth_multiplier), where
    channel ``c * depth_multiplier + m`` is channel c by its kernel m; `kernel` has the shape (kernel_height,
    kernel_width, channels, depth_multiplier) and `bias` (channels * depth_multiplier,). Sizes are those of `Conv2D`.

    >>> DepthwiseConv2D(3, padding="same", depth_multiplier=2).compute_output_shape((None, 28, 28, 8))
    (None, 28, 28, 16)
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
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
        self.kernel: Variable | None = None

    def _filters(self, channels: int | None) -> int | None:
        return None if channels is None else channels * self.depth_multiplier

    def build(self, input_shape: Any) -> None:
        channels = self._known_channels(input_shape)
        self.kernel = self._add_filters(channels, "kernel")
        self._add_bias(channels * self.depth_multiplier)

    def _convolve(self, graph: Graph, x: Value) -> Value:
        return self._filter_channels(graph, x, self.kernel, self.bias)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._windows_config()}
