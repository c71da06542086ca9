"""Layers that normalize."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcore import constraints, initializers, regularizers
from convcore.errors import ParameterError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.validation import InputSpec, Shape, real, refuse_unsupported
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["BatchNormalization", "GroupNormalization", "Scaled"]


class Scaled(Layer):
    """What has `gamma` and `beta`, each with what initializes, regularizes and constrains it."""

    gamma: Variable | None = None
    beta: Variable | None = None

    def _take(self, center: bool, scale: bool, **words: Any) -> None:
        """The constructor's arguments: for "beta" and for "gamma" an initializer, a regularizer and a constraint."""
        self.center, self.scale = bool(center), bool(scale)
        for name, (initializer, regularizer, constraint) in words.items():
            setattr(self, f"{name}_initializer", initializers.get(initializer))
            setattr(self, f"{name}_regularizer", regularizers.get(regularizer))
            setattr(self, f"{name}_constraint", constraints.get(constraint))

    def _add(self, shape: Any, scale: bool, center: bool) -> None:
        """Make gamma if `scale`, and beta if `center`."""
        for name in ["gamma"] * scale + ["beta"] * center:
            initializer, regularizer, constraint = (
                getattr(self, f"{name}_{what}") for what in ("initializer", "regularizer", "constraint")
            )
            variable = self.add_weight(shape, initializer, name=name, regularizer=regularizer, constraint=constraint)
            setattr(self, name, variable)

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "center": self.center, "scale": self.scale}
        for what, room in (("initializer", initializers), ("regularizer", regularizers), ("constraint", constraints)):
            for name in (f"beta_{what}", f"gamma_{what}"):
                config[name] = room.serialize(getattr(self, name))
        return config


class _OfChannels(Scaled):
    """What has them for each channel, along `axis`."""

    axis: int

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


class BatchNormalization(_OfChannels):
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
        self._take(
            center, scale, beta=(beta_initializer, beta_regularizer, beta_constraint),
            gamma=(gamma_initializer, gamma_regularizer, gamma_constraint),
        )  # fmt: skip
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm_momentum = renorm_momentum
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
        self._add((channels,), self.scale, self.center)
        self.moving_mean = self.add_weight(
            (channels,), self.moving_mean_initializer, trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            (channels,), self.moving_variance_initializer, trainable=False, name="moving_variance"
        )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

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
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "synchronized": False,
            "renorm": False,
            "renorm_clipping": None,
            "renorm_momentum": self.renorm_momentum,
        }


class GroupNormalization(_OfChannels):
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
        self._take(
            center, scale, beta=(beta_initializer, beta_regularizer, beta_constraint),
            gamma=(gamma_initializer, gamma_regularizer, gamma_constraint),
        )  # fmt: skip

    def build(self, input_shape: Any) -> None:
        channels = input_shape[self._axis_of(len(input_shape))]
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
        self._add((channels,), self.scale, self.center)

    def lower(self, graph: Graph, x: Value) -> Value:
        # The channels come first, so that a group is a row, and then last, where each has its own gamma and beta.
        rank = len(x.shape)
        axis = self._axis_of(rank + 1) - 1
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
        }


def _turned(graph: Graph, x: Value, order: list[int]) -> Value:
    """`x` with its axes in `order`."""
    return x if order == sorted(order) else graph.add("permute", x, order=order)
