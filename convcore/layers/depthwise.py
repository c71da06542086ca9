"""Convolution with filters of its own for each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore import constraints, initializers, regularizers
from convcore.layers.convolving import Convolving
from convcore.layers.validation import positive_integer
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Depthwise", "DepthwiseConv1D", "DepthwiseConv2D"]


class Depthwise(Convolving):
    """What layers share that filter each channel by itself, with `depth_multiplier` filters for each channel."""

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
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            bias_constraint,
            **kwargs,
        )
        self.depth_multiplier = positive_integer(
            depth_multiplier,
            "Invalid value for argument `depth_multiplier`. Expected a strictly positive value. Received "
            f"depth_multiplier={depth_multiplier}.",
        )
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def _add_filters(self, channels: int, name: str) -> Variable:
        return self.add_weight(
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            name=name,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )

    def _filter_channels(self, graph: Graph, x: Value, kernel: Variable | None, bias: Variable | None) -> Value:
        return graph.add("conv2d", x, parameters=(kernel, bias), depthwise=True, **self._windows())

    def get_config(self) -> dict[str, Any]:
        return {
            **self._shared_config(),
            "depth_multiplier": self.depth_multiplier,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
        }


class _DepthwiseConv(Depthwise):
    """What depthwise convolutions share: one kernel, one bias for each of its filters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kernel: Variable | None = None

    def _filters(self, channels: int | None) -> int | None:
        return None if channels is None else channels * self.depth_multiplier

    def build(self, input_shape: Any) -> None:
        channels = self._known_channels(input_shape)
        self.kernel = self._add_filters(channels, "kernel")
        self._add_bias(channels * self.depth_multiplier)

    def _convolve(self, graph: Graph, x: Value) -> Value:
        return self._filter_channels(graph, x, self.kernel, self.bias)


class DepthwiseConv1D(_DepthwiseConv):
    """1-D convolution of each channel of lines with `depth_multiplier` kernels of its own; see `DepthwiseConv2D`.

    Input (batch, length, channels), output (batch, out_length, channels * depth_multiplier), or the channels after the
    batch with ``data_format="channels_first"``; `kernel` has the shape (kernel_size, channels, depth_multiplier).

    >>> DepthwiseConv1D(3, depth_multiplier=2).compute_output_shape((None, 100, 8))
    (None, 98, 16)
    """

    _axes = 1

    def __init__(
        self,
        kernel_size: int | tuple[int],
        strides: int | tuple[int] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | tuple[int] = 1,
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


class DepthwiseConv2D(_DepthwiseConv):
    """2-D convolution of each channel of images with `depth_multiplier` kernels of its own.

    Input (batch, height, width, channels), output (batch, out_height, out_width, channels * depth_multiplier), where
    channel ``c * depth_multiplier + m`` is channel c by its kernel m, or the channels after the batch with
    ``data_format="channels_first"``; `kernel` has the shape (kernel_height, kernel_width, channels, depth_multiplier)
    and `bias` (channels * depth_multiplier,). Sizes are those of `Conv2D`.

    >>> DepthwiseConv2D(3, padding="same", depth_multiplier=2).compute_output_shape((None, 28, 28, 8))
    (None, 28, 28, 16)
    """

    _axes = 2

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
