"""Activations as layers of their own."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore import activations
from convcore.errors import NotSupportedError, ParameterError
from convcore.layers.base import Layer
from convcore.layers.validation import real, refuse_unsupported

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["ELU", "Activation", "LeakyReLU", "ReLU", "Softmax", "activate"]


def activate(graph: Graph, x: Value, activation: Any) -> Value:
    """Add `activation` to `graph` behind the value `x`: a node of its name, none for "linear", or what a layer adds."""
    activation = activations.get(activation)
    if activations.is_layer(activation):
        activation._connect((None, *x.shape))
        if activation.weights:
            raise NotSupportedError(
                f"convcore does not implement layers with weights as an activation (received {activation!r}; "
                "supported: names, functions of keras.activations, layers without weights; add it behind instead)."
            )
        value: Value = activation.lower(graph, x)
        return value
    name = activations.serialize(activation)
    return x if name == "linear" else graph.add(name, x)


class Activation(Layer):
    """An activation function: a name such as "relu" or "gelu", or a function of `convcore.activations`.

    The output has the input's shape.

    >>> Activation("relu")([[-1.0, 2.0]])
    array([[0., 2.]], dtype=float32)
    """

    _built_at_init = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def lower(self, graph: Graph, x: Value) -> Value:
        return activate(graph, x, self.activation)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class ReLU(Layer):
    """``max(x, 0)``, element by element.

    With the arguments: `max_value` where x >= max_value, x where threshold < x < max_value, and
    ``negative_slope * (x - threshold)`` elsewhere. The output has the input's shape.

    >>> ReLU(max_value=6.0)([[-1.0, 2.0, 9.0]])
    array([[0., 2., 6.]], dtype=float32)
    """

    _built_at_init = True

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = (
            None
            if max_value is None
            else real(
                max_value,
                f"max_value of a ReLU layer cannot be a negative value. Received: max_value={max_value}",
                minimum=0.0,
            )
        )
        self.negative_slope = real(
            negative_slope,
            "negative_slope of a ReLU layer cannot be None or a negative value. "
            f"Received: negative_slope={negative_slope}",
            minimum=0.0,
        )
        self.threshold = real(
            threshold,
            f"threshold of a ReLU layer cannot be None or a negative value. Received: threshold={threshold}",
            minimum=0.0,
        )

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add(
            "relu", x, max_value=self.max_value, negative_slope=self.negative_slope, threshold=self.threshold
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class LeakyReLU(Layer):
    """x where x > 0, ``negative_slope * x`` elsewhere. The output has the input's shape.

    >>> LeakyReLU()([[-10.0, 2.0]])
    array([[-3.,  2.]], dtype=float32)
    """

    _built_at_init = True

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
            warnings.warn("Argument `alpha` is deprecated. Use `negative_slope` instead.", stacklevel=2)
        super().__init__(**kwargs)
        self.negative_slope = real(
            negative_slope,
            "The negative_slope value of a Leaky ReLU layer cannot be None or negative value. Expected a float. "
            f"Received: negative_slope={negative_slope}",
            minimum=0.0,
        )

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("leaky_relu", x, negative_slope=self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative_slope": self.negative_slope}


class ELU(Layer):
    """x where x > 0, ``alpha * (exp(x) - 1)`` elsewhere (Clevert et al., 2016). The output has the input's shape.

    >>> ELU()([[0.0, 2.0]])
    array([[0., 2.]], dtype=float32)
    """

    _built_at_init = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = real(alpha, f"`alpha` of an ELU layer must be a finite number. Received: alpha={alpha!r}")

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("elu", x, alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


class Softmax(Layer):
    """``exp(x) / sum(exp(x))`` along `axis`, or over several axes. The output has the input's shape.

    Axis 0 is the batch's, which is refused: then a sample's output would depend on the others.

    >>> Softmax()([[0.0, 0.0]])
    array([[0.5, 0.5]], dtype=float32)
    """

    _built_at_init = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        axes = tuple(axis) if isinstance(axis, (list, tuple)) else (axis,)
        if not axes or any(isinstance(each, bool) or not isinstance(each, int) for each in axes):
            raise ParameterError(f"The `axis` argument of a Softmax layer must be an integer. Received: axis={axis!r}")
        if 0 in axes:
            raise self._of_the_batch(axis)
        self.axis = axis

    def __call__(self, inputs: Any, training: bool | None = False, *, mask: None = None) -> Any:
        """The output for a batch `inputs`, any real dtype. A `mask` is refused."""
        refuse_unsupported("Softmax", mask=mask)
        return super().__call__(inputs, training)

    def lower(self, graph: Graph, x: Value) -> Value:
        rank = len(x.shape) + 1
        given = tuple(self.axis) if isinstance(self.axis, (list, tuple)) else (self.axis,)
        if any(not -rank <= axis < rank for axis in given):
            raise ParameterError(
                f"The `axis` argument of a Softmax layer must be within the {rank} axes of its input. "
                f"Received: axis={self.axis!r}, input shape {(None, *x.shape)}"
            )
        axes = sorted({axis % rank - 1 for axis in given})
        if axes[0] < 0:
            raise self._of_the_batch(self.axis)
        if len(axes) == 1:
            return graph.add("softmax", x, axis=axes[0])
        # Several axes: brought together behind the others, as one.
        order = [axis for axis in range(rank - 1) if axis not in axes] + axes
        turned = graph.add("permute", x, order=order)
        kept = turned.shape[: -len(axes)]
        row = graph.add("reshape", turned, shape=(*kept, math.prod(turned.shape[-len(axes) :])))
        back = graph.add("reshape", graph.add("softmax", row), shape=turned.shape)
        return graph.add("permute", back, order=[order.index(axis) for axis in range(rank - 1)])

    @staticmethod
    def _of_the_batch(axis: Any) -> NotSupportedError:
        return NotSupportedError(
            f"convcore does not implement keras.layers.Softmax with axis={axis!r} (supported: axes behind the batch's)"
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
