"""Layers of one's own that derive from one of convcore's and have a call(), in which that is ``super().call(x)``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore.layers.base import Layer
from convcore.layers.composed import Composed
from convcore.layers.validation import Shape

if TYPE_CHECKING:
    from convcore.program import Graph, Value
    from convcore.variables import Variable

__all__ = ["Overriding"]


class Overriding(Composed, record_build=False):
    """What joins the classes that derive from a layer of convcore, such as Conv2D, and have a call(): see `Composed`.

    Variables, configuration and ``super().call(x)`` are those of that layer.

    >>> from convcore import layers
    >>> class Doubled(layers.Dense):
    ...     def call(self, x):
    ...         return 2 * super().call(x)
    >>> Doubled(1, kernel_initializer="ones")([[1.0, 3.0]])
    array([[8.]], dtype=float32)
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """What the layer of convcore gives."""
        return _Inherited(self._inherited())(inputs, training=training)

    def _inherited(self) -> Layer:
        """This layer as one of the class that it derives from: with the same attributes, and the methods of that."""
        order = type(self).__mro__
        kind = next(cls for cls in order[order.index(Composed) + 1 :] if issubclass(cls, Layer))
        layer = object.__new__(kind)
        layer.__dict__ = self.__dict__
        return layer

    def build(self, input_shape: Any) -> None:
        """Make the variables of the layer of convcore."""
        self._inherited().build(input_shape)

    def _set_trainable(self, value: bool) -> None:
        super()._set_trainable(value)
        self._eager.clear()

    @property
    def _augments(self) -> bool:
        return self._inherited()._augments

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments of the layer of convcore, as JSON types."""
        return self._inherited().get_config()


class _Inherited(Layer, record_build=False):
    """What `layer` computes, as a part of another layer, whose activity regularizer is for the whole of it."""

    _built_at_init = True

    def __init__(self, layer: Layer) -> None:
        super().__init__(name=layer.name)
        self.layer = layer
        self.seed_generator, self._draws_if_told = layer.seed_generator, layer._draws_if_told

    @property
    def weights(self) -> list[Variable]:
        return self.layer.weights

    def _arguments(self, x: Any) -> list[Any]:
        return self.layer._arguments(x)

    def _connect_all(self, input_shapes: list[Shape]) -> list[Shape]:
        return self.layer._connect_all(input_shapes)

    def _lower_all(self, graph: Graph, xs: list[Value]) -> list[Value]:
        return self.layer._lower_all(graph, xs)
