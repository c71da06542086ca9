"""Transposed convolution layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore.errors import ParameterError
from convcore.layers.conv import Conv
from convcore.layers.validation import standardize_tuple

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Conv1DTranspose", "Conv2DTranspose", "Convolution1DTranspose", "Convolution2DTranspose"]


class _ConvTranspose(Conv):
    """What transposed convolutions share: no groups, an output padding."""

    def __init__(
        self,
        filters: Any,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        output_padding: Any,
        data_format: Any,
        dilation_rate: Any,
        *others: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, kernel_size, strides, padding, data_format, dilation_rate, 1, *others, **kwargs)
        self.output_padding: tuple[int, ...] | None = None
        if output_padding is None:
            return
        self.output_padding = standardize_tuple(output_padding, self._axes, "output_padding", allow_zero=True)
        for axis, (added, stride) in enumerate(zip(self.output_padding, self.strides, strict=True)):
            if added >= stride:
                raise ParameterError(
                    "`output_padding` must be strictly less than `strides` for all dimensions. "
                    f"At dimension {axis}, `output_padding` is {added} but `strides` is {stride}. "
                    f"Received: output_padding={self.output_padding}, strides={self.strides}"
                )

    def _kernel_channels(self, channels: int) -> tuple[int, int]:
        return self.filters, channels

    def _output_size(self, size: int | None, axis: int) -> int | None:
        if size is None:
            return None
        stride = self.strides[axis]
        reach = (self.kernel_size[axis] - 1) * self.dilation_rate[axis] + 1
        if self.output_padding is None:
            return size * stride if self.padding == "same" else (size - 1) * stride + max(reach, stride)
        kept = reach % 2 if self.padding == "same" else reach
        return (size - 1) * stride + kept + self.output_padding[axis]

    def _convolve(self, graph: Graph, x: Value) -> Value:
        added = self.output_padding
        if added is not None:
            added = (*(0,) * (2 - self._axes), *added)
        parameters = (self.kernel, self.bias)
        return graph.add("conv2d_transpose", x, parameters=parameters, output_padding=added, **self._windows())

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["groups"]
        return config | {"output_padding": self.output_padding}


class Conv1DTranspose(_ConvTranspose):
    """1-D transposed convolution of lines: `Conv2DTranspose` of images one pixel high.

    Input (batch, length, channels), output (batch, out_length, filters), or the channels after the batch with
    ``data_format="channels_first"``; `kernel` has the shape (kernel_size, filters, channels) and `bias` (filters,).

    >>> Conv1DTranspose(4, 3, strides=2, padding="same").compute_output_shape((None, 50, 8))
    (None, 100, 4)
    """

    _axes = 1

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int],
        strides: int | tuple[int] = 1,
        padding: str = "valid",
        output_padding: int | tuple[int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | tuple[int] = 1,
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
            output_padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            kernel_constraint,
            bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )


class Conv2DTranspose(_ConvTranspose):
    """2-D transposed convolution of images: each pixel is spread over a window.

    Input (batch, height, width, channels), output (batch, out_height, out_width, filters), or the channels after the
    batch with ``data_format="channels_first"``; `kernel` has the shape (kernel_height, kernel_width, filters, channels)
    and `bias` (filters,). Per axis, ``padding="valid"`` gives ``(size - 1) * stride + max(kernel, stride)`` outputs and
    ``"same"`` ``size * stride``; with `output_padding` ``(size - 1) * stride + kernel + output_padding`` and ``(size -
    1) * stride + kernel % 2 + output_padding``.

    >>> Conv2DTranspose(4, 3, strides=2, padding="same").compute_output_shape((None, 14, 14, 8))
    (None, 28, 28, 4)
    """

    _axes = 2

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
            output_padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            kernel_constraint,
            bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )


Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
