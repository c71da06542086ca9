"""Layers that normalize."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore import constraints, initializers, regularizers
from convcore.errors import ParameterError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.validation import InputSpec, Shape, real, refuse_unsupported
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["BatchNormalization"]


class BatchNormalization(Layer):
    """``(x - mean) / sqrt(variance + epsilon) * gamma + beta`` for each channel (Ioffe and Szegedy, 2015).

    In training mean and variance are the batch's, which also move `moving_mean` and `moving_variance` by
    ``1 - momentum``; in inference, and of a layer that is not trainable, they are the moving ones. The output has the
    input's shape; `axis` holds the channels.

    >>> BatchNormalization(epsilon=0.0)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        refuse_unsupported(
            type(self).__name__,
            renorm=renorm or None,
            renorm_clipping=renorm_clipping,
            synchronized=synchronized or None,
        )
        if isinstance(axis, (list, tuple)) and len(axis) == 1:
            axis = axis[0]
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ParameterError(f"The `axis` of a BatchNormalization layer is an integer. Received: axis={axis!r}")
        self.axis = axis
        self.momentum = real(momentum, f"`momentum` must be a finite number. Received: momentum={momentum!r}")
        self.epsilon = real(epsilon, f"`epsilon` must be at least 0. Received: epsilon={epsilon!r}", minimum=0.0)
        self.center, self.scale = bool(center), bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.renorm_momentum = renorm_momentum
        self.gamma: Variable | None = None
        self.beta: Variable | None = None
        self.moving_mean: Variable | None = None
        self.moving_variance: Variable | None = None

    def _set_trainable(self, value: bool) -> None:
        super()._set_trainable(value)
        self._eager.clear()

    def build(self, input_shape: Any) -> None:
        axis = self._axis_of(len(input_shape))
        channels = input_shape[axis]
        if not channels:
            raise ShapeError(
                f"The channels of the inputs of layer '{self.name}' must be known and at least 1. "
                f"Received: axis={self.axis}, input shape {input_shape}"
            )
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
        self.moving_mean = self.add_weight(
            (channels,), self.moving_mean_initializer, trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            (channels,), self.moving_variance_initializer, trainable=False, name="moving_variance"
        )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def compute_output_shape(self, input_shape: Any) -> Shape:
        self._axis_of(len(input_shape))
        return tuple(input_shape)

    def _axis_of(self, rank: int) -> int:
        """The axis of the channels, counted from 0, the batch's."""
        if not -rank <= self.axis < rank or self.axis % rank == 0:
            raise ShapeError(
                f"Axis {self.axis} is out of bounds for an input with {rank} axes, the batch's first. "
                f"Received: axis={self.axis}"
            )
        return self.axis % rank

    def lower(self, graph: Graph, x: Value) -> Value:
        rank = len(x.shape)
        axis = self._axis_of(rank + 1) - 1
        order = [each for each in range(rank) if each != axis] + [axis]
        last = x if axis == rank - 1 else graph.add("permute", x, order=order)
        y = graph.add(
            "batch_norm",
            last,
            parameters=(self.gamma, self.beta, self.moving_mean, self.moving_variance),
            epsilon=self.epsilon,
            momentum=self.momentum,
            learning=self.trainable,
        )
        return y if last is x else graph.add("permute", y, order=[order.index(each) for each in range(rank)])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
            "synchronized": False,
            "renorm": False,
            "renorm_clipping": None,
            "renorm_momentum": self.renorm_momentum,
        }
