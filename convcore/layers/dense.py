"""Fully connected layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore import activations, constraints, initializers, regularizers
from convcore.errors import ShapeError
from convcore.layers.activation import activate
from convcore.layers.base import Layer
from convcore.layers.validation import InputSpec, Shape, positive_integer, refuse_unsupported
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Dense"]


class Dense(Layer):
    """``activation(x @ kernel + bias)`` on the last axis.

    Input (batch, ..., features), output (batch, ..., units); `kernel` has the shape (features, units) and `bias`
    (units,).

    >>> Dense(10).compute_output_shape((None, 1600))
    (None, 10)
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: None = None,
        lora_alpha: None = None,
        quantization_config: None = None,
        **kwargs: Any,
    ) -> None:
        units = positive_integer(
            units, f"Received an invalid value for `units`, expected a positive integer. Received: units={units}"
        )
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        refuse_unsupported(
            type(self).__name__,
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            quantization_config=quantization_config,
        )
        self.input_spec = InputSpec(min_ndim=2)
        self._kernel: Variable | None = None
        self.bias: Variable | None = None

    @property
    def kernel(self) -> Variable:
        if self._kernel is None:
            raise AttributeError("You must build the layer before accessing `kernel`.")
        return self._kernel

    def build(self, input_shape: Any) -> None:
        features = input_shape[-1]
        if not features:
            raise ShapeError(
                f"The last dimension of the inputs of layer '{self.name}' must be known and at least 1. "
                f"Full shape received: {input_shape}"
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})
        self._kernel = self.add_weight(
            shape=(features, self.units),
            initializer=self.kernel_initializer,
            name="kernel",
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.units,),
                initializer=self.bias_initializer,
                name="bias",
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def compute_output_shape(self, input_shape: Any) -> Shape:
        return (*input_shape[:-1], self.units)

    def lower(self, graph: Graph, x: Value) -> Value:
        return activate(graph, graph.add("dense", x, parameters=(self.kernel, self.bias)), self.activation)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
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
