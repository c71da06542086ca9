"""Running one layer, or a model, on NumPy arrays at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import plain
from convcore.errors import DTypeError, ShapeError, StateError
from convcore.variables import FlatParameters, Variable

if TYPE_CHECKING:
    from convcore.layers.base import Layer
    from convcore.program.runner import Runner

__all__ = ["Eager", "as_float32", "is_home"]

FloatArray = npt.NDArray[np.float32]


def as_float32(x: Any, what: str) -> FloatArray:
    """`x` as a float32 array: real numbers and booleans of any dtype are cast, all else is refused."""
    try:
        array = np.asarray(x)
    except ValueError:
        raise ShapeError(f"{what}: the rows of a nested sequence must have equal lengths.") from None
    if array.dtype == np.float32:
        return array
    if array.dtype.kind not in "fiub":
        raise DTypeError(f"{what}: dtype {array.dtype} is not allowed. Allowed: real numbers (float, int, uint, bool).")
    return plain(what, array, np.float32)


def is_home(parameters: FlatParameters, variables: Sequence[Variable]) -> bool:
    """Whether `variables` are in the buffer of `parameters`: another model that shares them may have moved them."""
    values = parameters.values
    return all(variable.value.base is values for variable in variables)


class Eager:
    """The compiled form of one layer for the last input shape it met; made anew when either changes."""

    def __init__(self) -> None:
        # A compiled form has one set of buffers: calls from several threads take turns.
        self.lock = threading.RLock()
        self._runner: Runner | None = None
        self._shapes: tuple[tuple[int, ...], ...] = ()
        self._parameters: FlatParameters | None = None
        self._regularizers: list[Any] = []
        #: What the activity regularizers of the layers inside made of the last call, a sample.
        self.penalties: list[np.float32] = []

    def clear(self) -> None:
        """Forget what was compiled."""
        self._runner = None

    def forward(self, layer: Layer, xs: Sequence[FloatArray], training: bool) -> list[FloatArray]:
        with self.lock:
            found = self._prepare(layer, tuple(x.shape[1:] for x in xs)).forward_all(xs, training=training)
            if not self._regularizers:
                self.penalties = []
                return found
            count = len(found) - len(self._regularizers)
            penalties = zip(self._regularizers, found[count:], strict=True)
            self.penalties = [np.float32(regularizer(y) / max(1, len(y))) for regularizer, y in penalties]
            return found[:count]

    def backward(self, layer: Layer, dys: Sequence[Any]) -> list[FloatArray]:
        with self.lock:
            return self._backward(layer, dys)

    def _backward(self, layer: Layer, dys: Sequence[Any]) -> list[FloatArray]:
        parameters = self._parameters
        if self._runner is None or parameters is None or not is_home(parameters, layer.weights):
            raise StateError(
                f"Layer '{layer.name}': backward() needs the forward(x, training=True) whose gradient it is; "
                "there was none since the layer was made or changed."
            )
        what = f"Layer '{layer.name}', the argument dy of backward()"
        gradients = [as_float32(dy, what) for dy in dys]
        n = len(gradients[0]) if gradients[0].ndim else 0
        others = self._runner.graph.outputs[len(gradients) :]
        return self._runner.backward_all([*gradients, *(np.zeros((n, *each.shape), np.float32) for each in others)])

    def _prepare(self, layer: Layer, shapes: tuple[tuple[int, ...], ...]) -> Runner:
        parameters = layer._home_parameters()
        if self._runner is None or self._shapes != shapes or self._parameters is not parameters:
            from convcore.program.graph import Graph
            from convcore.program.runner import Runner

            graph = Graph(*shapes)
            outputs = layer._lower_all(graph, list(graph.inputs))
            graph.outputs = [*outputs, *(value for value, _ in graph.penalized)]
            self._regularizers = [regularizer for _, regularizer in graph.penalized]
            self._runner = Runner(graph, parameters)
            self._shapes = shapes
            self._parameters = parameters
        return self._runner
