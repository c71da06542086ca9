"""Convolution layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore import activations, constraints, initializers, regularizers
from convcore.errors import ParameterError, ShapeError
from convcore.layers.activation import activate
from convcore.layers.base import Layer
from convcore.layers.validation import (
    InputSpec,
    Shape,
    check_output_sizes,
    output_size,
    positive_integer,
    refuse_unsupported,
    standardize_data_format,
    standardize_padding,
    standardize_tuple,
)
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Conv2D", "Convolution2D"]


class Conv2D(Layer):
    """2-D convolution (cross-correlation) of images.

    Input (batch, height, width, channels), output (batch, out_height, out_width, filters); `kernel` has the shape
    (kernel_height, kernel_width, channels // groups, filters) and `bias` (filters,). Per axis, ``padding="valid"``
    gives ``(size - dilation * (kernel - 1) - 1) // stride + 1`` outputs and ``"same"`` ``ceil(size / stride)``, with an
    odd pixel of padding at the bottom or right.

    >>> Conv2D(4, 3, padding="same").compute_output_shape((None, 28, 28, 1))
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
        kind = type(self).__name__
        refuse_unsupported(kind, lora_rank=kwargs.pop("lora_rank", None), lora_alpha=kwargs.pop("lora_alpha", None))
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = positive_integer(
            filters,
            f"Invalid value for argument `filters`. Expected a strictly positive value. Received filters={filters}.",
        )
        self.kernel_size = standardize_tuple(kernel_size, 2, "kernel_size")
        self.strides = standardize_tuple(strides, 2, "strides")
        self.padding = standardize_padding(padding)
        self.data_format = standardize_data_format(data_format, kind)
        self.dilation_rate = standardize_tuple(dilation_rate, 2, "dilation_rate")
        self.groups = positive_integer(
            groups, f"The number of groups must be a positive integer. Received: groups={groups}."
        )
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        refuse_unsupported(
            kind,
        )
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
        self.input_spec = InputSpec(ndim=4)
        self._kernel: Variable | None = None
        self.bias: Variable | None = None

    @property
    def kernel(self) -> Variable:
        if self._kernel is None:
            raise AttributeError("You must build the layer before accessing `kernel`.")
        return self._kernel

    def build(self, input_shape: Any) -> None:
        channels = input_shape[-1]
        if not channels:
            raise ShapeError(
                f"The channel dimension of the inputs of layer '{self.name}' must be known and at least 1. "
                f"Full shape received: {input_shape}"
            )
        if channels % self.groups != 0:
            raise ShapeError(
                "The number of input channels must be evenly divisible by the number of groups. Received "
                f"groups={self.groups}, but the input has {channels} channels (full input shape is {input_shape})."
            )
        self.compute_output_shape(input_shape)
        self.input_spec = InputSpec(ndim=4, axes={-1: channels})
        self._kernel = self.add_weight(
            shape=(*self.kernel_size, channels // self.groups, self.filters),
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
        batch, height, width, channels = input_shape
        sizes = [
            output_size(size, kernel, stride, self.padding, dilation)
            for size, kernel, stride, dilation in zip(
                (height, width), self.kernel_size, self.strides, self.dilation_rate, strict=True
            )
        ]
        check_output_sizes(
            sizes,
            f"`inputs shape={tuple(input_shape)}`, `kernel shape={(*self.kernel_size, channels, self.filters)}`, "
            f"`dilation_rate=[{self.dilation_rate[0]} {self.dilation_rate[1]}]`, `strides={self.strides}`, "
            f"`padding={self.padding}`",
        )
        return (batch, sizes[0], sizes[1], self.filters)

    def lower(self, graph: Graph, x: Value) -> Value:
        y = graph.add(
            "conv2d",
            x,
            parameters=(self.kernel, self.bias),
            stride=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            groups=self.groups,
        )
        return activate(graph, y, self.activation)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


Convolution2D = Conv2D
