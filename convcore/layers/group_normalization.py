"""Normalization of groups of channels, each sample by itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcore import constraints, initializers, regularizers
from convcore.errors import ParameterError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.validation import InputSpec, Shape, real
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["GroupNormalization"]


class GroupNormalization(Layer):
    """``(x - mean) / sqrt(variance + epsilon) * gamma + beta``, mean and variance those of a group of channels of a
    sample (Wu and He, 2018).

    `axis` is that of the channels, of which `groups` groups of as many neighbours are made; with -1 each channel is one
    (instance normalization). `gamma` and `beta` have a number for each channel. The output has the input's shape.
    ShapeError if there is no such axis, or its size is no multiple of `groups`.

    >>> GroupNormalization(groups=2, epsilon=0.0)([[1.0, 3.0, 10.0, 20.0]])
    array([[-1.,  1., -1.,  1.]], dtype=float32)
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(groups, bool) or not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise ParameterError(
                "Received an invalid value for argument `groups`, expected a positive integer (or `-1` for instance "
                f"normalization). Received: groups={groups}"
            )
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ParameterError(f"The `axis` of a GroupNormalization layer is an integer. Received: axis={axis!r}")
        self.groups, self.axis = groups, axis
        self.epsilon = real(epsilon, f"`epsilon` must be at least 0. Received: epsilon={epsilon!r}", minimum=0.0)
        self.center, self.scale = bool(center), bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma: Variable | None = None
        self.beta: Variable | None = None

    def build(self, input_shape: Any) -> None:
        channels = input_shape[self._axis(len(input_shape))]
        if not channels:
            raise ShapeError(
                f"Axis {self.axis} of input tensor should have a defined dimension but the layer received an input "
                f"with shape {input_shape}."
            )
        if self.groups == -1:
            self.groups = channels
        if channels < self.groups:
            raise ShapeError(
                f"Number of groups ({self.groups}) cannot be more than the number of channels ({channels})."
            )
        if channels % self.groups:
            raise ShapeError(
                f"Number of groups ({self.groups}) must be a multiple of the number of channels ({channels})."
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        if self.scale:
            self.gamma = self.add_weight(
                (channels,), self.gamma_initializer, name="gamma",
                regularizer=self.gamma_regularizer, constraint=self.gamma_constraint,
            )  # fmt: skip
        if self.center:
            self.beta = self.add_weight(
                (channels,), self.beta_initializer, name="beta",
                regularizer=self.beta_regularizer, constraint=self.beta_constraint,
            )  # fmt: skip

    def compute_output_shape(self, input_shape: Any) -> Shape:
        self._axis(len(input_shape))
        return tuple(input_shape)

    def _axis(self, rank: int) -> int:
        """The axis of the channels, counted from 0, the batch's."""
        if not -rank <= self.axis < rank or self.axis % rank == 0:
            raise ShapeError(
                f"Axis {self.axis} is out of bounds for an input with {rank} axes, the batch's first. "
                f"Received: axis={self.axis}"
            )
        return self.axis % rank

    def lower(self, graph: Graph, x: Value) -> Value:
        # The channels come first, so that a group is a row, and then last, where each has its own gamma and beta.
        rank = len(x.shape)
        axis = self._axis(rank + 1) - 1
        others = [each for each in range(rank) if each != axis]
        y = _turned(graph, x, [axis, *others])
        shape = y.shape
        y = graph.add("reshape", y, shape=(self.groups, math.prod(shape) // self.groups))
        y = graph.add("layer_norm", y, parameters=(None, None), epsilon=self.epsilon, rows="normalized")
        y, order = graph.add("reshape", y, shape=shape), [axis, *others]
        if self.gamma is not None or self.beta is not None:
            y, order = _turned(graph, y, [*range(1, rank), 0]), [*others, axis]
            y = graph.add("scale_channels", y, parameters=(self.gamma, self.beta))
        return _turned(graph, y, [order.index(each) for each in range(rank)])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "groups": self.groups,
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }


def _turned(graph: Graph, x: Value, order: list[int]) -> Value:
    """`x` with its axes in `order`."""
    return x if order == sorted(order) else graph.add("permute", x, order=order)
