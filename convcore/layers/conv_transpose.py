"""Transposed convolution layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore.errors import ParameterError, ShapeError
from convcore.layers.activation import activate
from convcore.layers.conv import Conv2D
from convcore.layers.validation import InputSpec, Shape, check_output_sizes
from convcore.shapes import pair

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Conv2DTranspose", "Convolution2DTranspose"]


class Conv2DTranspose(Conv2D):
    """2-D transposed convolution of images: each pixel is spread over a window.

    Input (batch, height, width, channels), output (batch, out_height, out_width, filters); `kernel` has the shape
    (kernel_height, kernel_width, filters, channels) and `bias` (filters,). Per axis, ``padding="valid"`` gives
    ``(size - 1) * stride + max(kernel, stride)`` outputs and ``"same"`` ``size * stride``; with `output_padding`
    ``(size - 1) * stride + kernel + output_padding`` and ``(size - 1) * stride + kernel % 2 + output_padding``.

    >>> Conv2DTranspose(4, 3, strides=2, padding="same").compute_output_shape((None, 14, 14, 8))
    (None, 28, 28, 4)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        output_padding: int | tuple[int, int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
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
            1,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **kwargs,
        )
        self.output_padding = None if output_padding is None else pair("output_padding", output_padding, 0)
        for axis, (added, stride) in enumerate(zip(self.output_padding or (), self.strides, strict=False)):
            if added >= stride:
                raise ParameterError(
                    "`output_padding` must be strictly less than `strides` for all dimensions. "
                    f"At dimension {axis}, `output_padding` is {added} but `strides` is {stride}. "
                    f"Received: output_padding={self.output_padding}, strides={self.strides}"
                )

    def build(self, input_shape: Any) -> None:
        channels = input_shape[-1]
        if not channels:
            raise ShapeError(
                f"The channel dimension of the inputs of layer '{self.name}' must be known and at least 1. "
                f"Full shape received: {input_shape}"
            )
        self.compute_output_shape(input_shape)
        self.input_spec = InputSpec(ndim=4, axes={-1: channels})
        self._kernel = self.add_weight(
            shape=(*self.kernel_size, self.filters, channels),
            initializer=self.kernel_initializer,
            name="kernel",
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.filters,),
                initializer=self.bias_initializer,
                name="bias",
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, height, width, _ = input_shape
        rows, columns = (self._output_size(size, axis) for axis, size in enumerate((height, width)))
        details = f"`inputs shape={tuple(input_shape)}`, `kernel_size={self.kernel_size}`, `strides={self.strides}`"
        check_output_sizes((rows, columns), f"{details}, `padding={self.padding}`")
        return (batch, rows, columns, self.filters)

    def _output_size(self, size: int | None, axis: int) -> int | None:
        if size is None:
            return None
        stride = self.strides[axis]
        reach = (self.kernel_size[axis] - 1) * self.dilation_rate[axis] + 1
        if self.output_padding is None:
            return size * stride if self.padding == "same" else (size - 1) * stride + max(reach, stride)
        kept = reach % 2 if self.padding == "same" else reach
        return (size - 1) * stride + kept + self.output_padding[axis]

    def lower(self, graph: Graph, x: Value) -> Value:
        y = graph.add(
            "conv2d_transpose",
            x,
            parameters=(self.kernel, self.bias),
            stride=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation_rate,
        )
        return activate(graph, y, self.activation)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["groups"]
        return config | {"output_padding": self.output_padding}


Convolution2DTranspose = Conv2DTranspose
