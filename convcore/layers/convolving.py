"""What convolution layers share: windows that move over images or lines, a bias, an activation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcore import activations, constraints, initializers, regularizers
from convcore.errors import ShapeError
from convcore.geometries import line_padding
from convcore.layers.activation import activate
from convcore.layers.base import Layer
from convcore.layers.layout import (
    from_channels_last,
    from_images,
    shape_from_channels_last,
    shape_to_channels_last,
    to_channels_last,
    to_images,
)
from convcore.layers.validation import (
    InputSpec,
    Shape,
    check_output_sizes,
    either_data_format,
    output_size,
    standardize_padding,
    standardize_tuple,
)
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Convolving"]


class Convolving(Layer):
    """Windows over images (`_axes` 2) or lines (1), which are images one pixel high, in either data format.

    A layer of this kind says how many filters it has, builds its kernels and adds its nodes, for images whose channels
    come last, in `_convolve`.
    """

    _axes: ClassVar[int]
    #: Whether `padding` may be "causal": as many zeros in front that no output sees what comes after it.
    _causal: ClassVar[bool] = False

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        data_format: Any,
        dilation_rate: Any,
        activation: Any,
        use_bias: Any,
        bias_initializer: Any,
        bias_regularizer: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernel_size = standardize_tuple(kernel_size, self._axes, "kernel_size")
        self.strides = standardize_tuple(strides, self._axes, "strides")
        self.dilation_rate = standardize_tuple(dilation_rate, self._axes, "dilation_rate")
        self.padding = standardize_padding(padding, causal=self._causal)
        self.data_format = either_data_format(data_format)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(ndim=self._axes + 2)
        self.bias: Variable | None = None

    def _filters(self, channels: int | None) -> int | None:
        """The number of output channels."""
        raise NotImplementedError

    def _convolve(self, graph: Graph, x: Value) -> Value:
        """Add the nodes of the layer up to its activation."""
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
        self.input_spec = InputSpec(ndim=self._axes + 2, axes={axis: channels})
        return int(channels)

    def _add_bias(self, count: int) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(count,),
                initializer=self.bias_initializer,
                name="bias",
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _output_size(self, size: int | None, axis: int) -> int | None:
        """The output's extent along an axis of `size` pixels."""
        kernel, stride, dilation = self.kernel_size[axis], self.strides[axis], self.dilation_rate[axis]
        return output_size(size, kernel, stride, self.padding, dilation)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, *pixels, channels = shape_to_channels_last(tuple(input_shape), self.data_format)
        filters = self._filters(channels)
        sizes = [self._output_size(size, axis) for axis, size in enumerate(pixels)]
        check_output_sizes(
            sizes,
            f"`inputs shape={tuple(input_shape)}`, `kernel shape={(*self.kernel_size, channels, filters)}`, "
            f"`dilation_rate=[{' '.join(map(str, self.dilation_rate))}]`, `strides={self.strides}`, "
            f"`padding={self.padding}`",
        )
        return shape_from_channels_last((batch, *sizes, filters), self.data_format)

    def lower(self, graph: Graph, x: Value) -> Value:
        images = to_images(graph, to_channels_last(graph, x, self.data_format))
        y = self._convolve(graph, images)
        # A plain ReLU joins the convolution in front of it; others may look at axes, which are those of the output.
        joins = activations.serialize(self.activation) == "relu"
        if joins:
            y = activate(graph, y, self.activation)
        y = from_channels_last(graph, from_images(graph, y, self._axes), self.data_format)
        return y if joins else activate(graph, y, self.activation)

    def _windows(self) -> dict[str, Any]:
        """The settings of a node that convolves images with the layer's windows."""
        padding: Any = self.padding
        if padding == "causal":
            padding = line_padding(padding, self.kernel_size[0], self.dilation_rate[0])
        one = (1,) * (2 - self._axes)
        return {"stride": (*one, *self.strides), "padding": padding, "dilation": (*one, *self.dilation_rate)}

    def _shared_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
