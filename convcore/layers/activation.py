"""Activations as layers of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore import activations
from convcore.errors import NotSupportedError, ParameterError
from convcore.layers.base import Layer
from convcore.layers.validation import real, refuse_unsupported

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from convcore.program import Graph, Value

__all__ = ["Activation", "ReLU", "Softmax", "activate"]


def activate(graph: Graph, x: Value, activation: Any) -> Value:
    """Add the function `activation` to `graph` behind the value `x`: a node of its name, none for "linear"."""
    name = activations.serialize(activation)
    return x if name == "linear" else graph.add(name, x)


class Activation(Layer):
    """An activation function by name: "relu", "sigmoid", "tanh", "softmax" or "linear".

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


class Softmax(Layer):
    """``exp(x) / sum(exp(x))`` along the last axis. The output has the input's shape.

    >>> Softmax()([[0.0, 0.0]])
    array([[0.5, 0.5]], dtype=float32)
    """

    _built_at_init = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(axis, (list, tuple)) and len(axis) == 1:
            axis = axis[0]
        if isinstance(axis, bool) or not isinstance(axis, (int, list, tuple)):
            raise ParameterError(f"The `axis` argument of a Softmax layer must be an integer. Received: axis={axis!r}")
        if not isinstance(axis, int) or axis < -1 or axis == 0:
            raise self._wrong_axis(axis)
        self.axis = axis

    def __call__(self, x: Any, training: bool | None = False, *, mask: None = None) -> npt.NDArray[np.float32]:
        """The output for a batch `x`, any real dtype. A `mask` is refused."""
        refuse_unsupported("Softmax", mask=mask)
        return super().__call__(x, training)

    def lower(self, graph: Graph, x: Value) -> Value:
        if self.axis not in (-1, len(x.shape)):
            raise self._wrong_axis(self.axis)
        return graph.add("softmax", x)

    @staticmethod
    def _wrong_axis(axis: Any) -> NotSupportedError:
        return NotSupportedError(
            f"convcore does not implement keras.layers.Softmax with axis={axis!r} (supported: -1, the last axis)"
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
