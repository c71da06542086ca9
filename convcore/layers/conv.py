"""Convolution layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore import constraints, initializers, regularizers
from convcore.errors import ParameterError, ShapeError
from convcore.layers.convolving import Convolving
from convcore.layers.validation import positive_integer, refuse_unsupported
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Conv", "Conv1D", "Conv2D", "Convolution1D", "Convolution2D"]


class Conv(Convolving):
    """What convolutions share, the transposed ones too, whose filters all see all channels of their group."""

    def __init__(
        self,
        filters: Any,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        data_format: Any,
        dilation_rate: Any,
        groups: Any,
        activation: Any,
        use_bias: Any,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        kind = type(self).__name__
        refuse_unsupported(kind, lora_rank=kwargs.pop("lora_rank", None), lora_alpha=kwargs.pop("lora_alpha", None))
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
        self.filters = positive_integer(
            filters,
            f"Invalid value for argument `filters`. Expected a strictly positive value. Received filters={filters}.",
        )
        self.groups = positive_integer(
            groups, f"The number of groups must be a positive integer. Received: groups={groups}."
        )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        if self.filters % self.groups != 0:
            raise ParameterError(
                "The number of filters must be evenly divisible by the number of groups. "
                f"Received: groups={self.groups}, filters={self.filters}."
            )
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ParameterError(
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`. "
                f"Received: strides={self.strides} and dilation_rate={self.dilation_rate}"
            )
        self._kernel: Variable | None = None

    @property
    def kernel(self) -> Variable:
        if self._kernel is None:
            raise AttributeError("You must build the layer before accessing `kernel`.")
        return self._kernel

    def _kernel_channels(self, channels: int) -> tuple[int, int]:
        """The last two axes of the kernel."""
        return channels // self.groups, self.filters

    def _filters(self, channels: int | None) -> int | None:
        return self.filters

    def build(self, input_shape: Any) -> None:
        channels = input_shape[1 if self.data_format == "channels_first" else -1]
        if channels and channels % self.groups != 0:
            raise ShapeError(
                "The number of input channels must be evenly divisible by the number of groups. Received "
                f"groups={self.groups}, but the input has {channels} channels (full input shape is {input_shape})."
            )
        self._kernel = self.add_weight(
            shape=(*self.kernel_size, *self._kernel_channels(self._known_channels(input_shape))),
            initializer=self.kernel_initializer,
            name="kernel",
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._add_bias(self.filters)

    def _convolve(self, graph: Graph, x: Value) -> Value:
        return graph.add("conv2d", x, parameters=(self.kernel, self.bias), groups=self.groups, **self._windows())

    def get_config(self) -> dict[str, Any]:
        return {
            **self._shared_config(),
            "filters": self.filters,
            "groups": self.groups,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
        }


class Conv1D(Conv):
    """1-D convolution (cross-correlation) of lines: `Conv2D` of images one pixel high.

    Input (batch, length, channels), output (batch, out_length, filters), or the channels after the batch with
    ``data_format="channels_first"``; `kernel` has the shape (kernel_size, channels // groups, filters) and `bias`
    (filters,). ``padding="causal"`` puts ``dilation * (kernel - 1)`` zeros in front, so that no output sees what comes
    after it, and gives ``ceil(length / stride)`` outputs as "same" does.

    >>> Conv1D(4, 3, padding="causal", dilation_rate=2).compute_output_shape((None, 100, 1))
    (None, 100, 4)
    """

    _axes, _causal = 1, True

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int],
        strides: int | tuple[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int] = 1,
        groups: int = 1,
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
            groups,
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


class Conv2D(Conv):
    """2-D convolution (cross-correlation) of images.

    Input (batch, height, width, channels), output (batch, out_height, out_width, filters), or the channels after the
    batch with ``data_format="channels_first"``; `kernel` has the shape (kernel_height, kernel_width, channels //
    groups, filters) and `bias` (filters,). Per axis, ``padding="valid"`` gives ``(size - dilation * (kernel - 1) - 1)
    // stride + 1`` outputs and ``"same"`` ``ceil(size / stride)``, with an odd pixel of padding at the bottom or right.

    >>> Conv2D(4, 3, padding="same").compute_output_shape((None, 28, 28, 1))
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
        groups: int = 1,
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
            groups,
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


Convolution1D = Conv1D
Convolution2D = Conv2D
