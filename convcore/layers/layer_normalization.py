"""Layers that normalize each sample by itself."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from convcore.errors import DTypeError, ParameterError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.normalization import Scaled
from convcore.layers.validation import Shape, real
from convcore.variables import Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["LayerNormalization", "RMSNormalization", "UnitNormalization"]


class _OverAxes(Layer):
    """What both have in common: the axes, and an epsilon under the root."""

    def __init__(self, axis: Any, epsilon: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
        if not axes or any(isinstance(each, bool) or not isinstance(each, int) for each in axes):
            raise ParameterError(
                f"Expected an int or a list/tuple of ints for the argument 'axis', but received: {axis!r}"
            )
        self.axis: Any = axes if isinstance(axis, (list, tuple)) else axis
        self.epsilon = real(epsilon, f"`epsilon` must be at least 0. Received: epsilon={epsilon!r}", minimum=0.0)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        self._axes(len(input_shape))
        return tuple(input_shape)

    def _axes(self, rank: int) -> list[int]:
        """The axes in order, counted from 0, the batch's."""
        given = self.axis if isinstance(self.axis, list) else [self.axis]
        axes = sorted(each % rank for each in given if -rank <= each < rank)
        if len(axes) != len(given) or len(set(axes)) != len(axes) or 0 in axes:
            raise ShapeError(
                f"The axes of layer '{self.name}' must be different ones of the {rank} axes of its inputs, and not the "
                f"batch's: one is out of bounds. Received: axis={self.axis}"
            )
        return axes

    def _sizes(self, input_shape: Any) -> tuple[int, ...]:
        """Those of the axes."""
        sizes = tuple(input_shape[axis] for axis in self._axes(len(input_shape)))
        if not all(sizes):
            raise ShapeError(
                f"The axes over which layer '{self.name}' normalizes must be known and at least 1 long. "
                f"Received: axis={self.axis}, input shape {input_shape}"
            )
        return sizes

    def _lower_rows(
        self, graph: Graph, x: Value, *parameters: Variable | None, rows: str, epsilon: float | None = None
    ) -> Value:
        """The node that normalizes, behind what brings the axes to the end, if they are not there."""
        rank = len(x.shape)
        axes = [axis - 1 for axis in self._axes(rank + 1)]
        order = [axis for axis in range(rank) if axis not in axes] + axes
        turned = x if order == list(range(rank)) else graph.add("permute", x, order=order)
        front = turned.shape[: rank - len(axes)]
        flat = turned
        if len(axes) > 1:
            flat = graph.add("reshape", turned, shape=(*front, math.prod(turned.shape[rank - len(axes) :])))
        y = graph.add(
            "layer_norm", flat, parameters=parameters, rows=rows, epsilon=self.epsilon if epsilon is None else epsilon
        )
        if len(axes) > 1:
            y = graph.add("reshape", y, shape=turned.shape)
        return y if turned is x else graph.add("permute", y, order=[order.index(axis) for axis in range(rank)])


class LayerNormalization(Scaled, _OverAxes):
    """``(x - mean) / sqrt(variance + epsilon) * gamma + beta`` of each sample over `axis` (Ba et al., 2016).

    `axis`, one or several of the axes behind the batch's, is also what `gamma` and `beta` have; the others are
    normalized each by itself. The output has the input's shape. ShapeError if the inputs have no such axes.

    >>> LayerNormalization(epsilon=0.0)([[1.0, 3.0]])
    array([[-1.,  1.]], dtype=float32)
    """

    def __init__(
        self,
        axis: Any = -1,
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
        self.rms_scaling = bool(kwargs.pop("rms_scaling", False))
        if self.rms_scaling:
            warnings.warn(
                "You passed `rms_scaling=True`, which is deprecated. This argument incorrectly scales the input by the "
                "variance, not the root mean square. To correctly use RMS Normalization, please use "
                "`keras.layers.RMSNormalization` instead.",
                stacklevel=2,
            )
        super().__init__(axis, epsilon, **kwargs)
        self._take(
            center, scale, beta=(beta_initializer, beta_regularizer, beta_constraint),
            gamma=(gamma_initializer, gamma_regularizer, gamma_constraint),
        )  # fmt: skip

    def build(self, input_shape: Any) -> None:
        sizes = self._sizes(input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        self._add(sizes, self.scale or self.rms_scaling, self.center and not self.rms_scaling)

    def lower(self, graph: Graph, x: Value) -> Value:
        rows = "scaled" if self.rms_scaling else "normalized"
        return self._lower_rows(graph, x, self.gamma, self.beta, rows=rows)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "rms_scaling": self.rms_scaling,
        }


class RMSNormalization(_OverAxes):
    """``x / sqrt(mean(x**2) + epsilon) * scale`` of each sample over `axis` (Zhang and Sennrich, 2019).

    `axis`, one or several of the axes behind the batch's, is also what `scale` has. The output has the input's shape.
    ShapeError if the inputs have no such axes.

    >>> RMSNormalization(epsilon=0.0)([[3.0, 3.0]])
    array([[1., 1.]], dtype=float32)
    """

    scale: Variable

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(axis, epsilon, **kwargs)

    def build(self, input_shape: Any) -> None:
        sizes = self._sizes(input_shape)
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        self.scale = self.add_weight(sizes, "ones", name="scale")

    def lower(self, graph: Graph, x: Value) -> Value:
        return self._lower_rows(graph, x, self.scale, None, rows="root_mean_square")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}


class UnitNormalization(_OverAxes):
    """``x / sqrt(sum(x**2) + 1e-24)`` of each sample over `axis`, one or several of those behind the batch's.

    That is a length of 1; Keras, which divides by no less than 1e-12, gives something else to lengths below 1e-8 only.
    The output has the input's shape. ShapeError if the inputs have no such axes.

    >>> UnitNormalization()([[3.0, 4.0]])
    array([[0.6, 0.8]], dtype=float32)
    """

    _built_at_init = True

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        if not isinstance(axis, int | list | tuple):
            raise DTypeError(
                f"Invalid value for `axis` argument: expected an int or a list/tuple of ints. Received: axis={axis}"
            )
        super().__init__(axis, 1e-24, **kwargs)

    def lower(self, graph: Graph, x: Value) -> Value:
        count = math.prod(self._sizes((None, *x.shape)))
        # The root of the mean of the squares is the length over that of their count.
        y = self._lower_rows(graph, x, None, None, rows="root_mean_square", epsilon=self.epsilon / count)
        return graph.add("scale_shift", y, scale=1 / math.sqrt(count), offset=0.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
