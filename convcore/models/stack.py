"""The structure of a model: layers in a row, their shapes, their weights and their graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcore.errors import NotBuiltError, ParameterError, ShapeError, StateError
from convcore.layers.base import Layer
from convcore.layers.input import InputLayer
from convcore.layers.symbolic import Call, SymbolicTensor
from convcore.layers.validation import Shape, standardize_shape
from convcore.models.network import Network

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Stack"]


class NoLayersError(StateError, ValueError):
    """A Sequential model without layers was to be built; a ValueError as in Keras."""


class Stack(Network, record_build=False):
    """Layers in a row, as one layer."""

    _not_copied: ClassVar[frozenset[str]] = Network._not_copied | {"_output"}
    _output: SymbolicTensor
    # The input of a model that was built by its first data and not by an Input.
    _entered: InputLayer | None = None

    # Structure

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put `layer` behind the others. If it does not fit them, the model stays as it was."""
        if isinstance(layer, SymbolicTensor):
            layer = layer.layer
        if not isinstance(layer, Layer):
            raise ParameterError(
                f"Only instances of `keras.Layer` can be added to a Sequential model. Received: {layer} "
                f"(of type {type(layer)})"
            )
        if layer is self:
            raise ParameterError(f"Sequential model '{self.name}' cannot be added to itself.")
        if not self._layers and layer._input_shape_arg is not None:
            self.add(InputLayer(shape=layer._input_shape_arg), rebuild=False)
        if any(layer.name == other.name for other in self._layers):
            raise ParameterError(
                "All layers added to a Sequential model should have unique names. "
                f"Name '{layer.name}' is already the name of a layer in this model. "
                "Update the `name` argument to pass a unique name."
            )
        if isinstance(layer, InputLayer) and self._layers:
            self._refuse_input()
        self._layers.append(layer)
        try:
            self._maybe_rebuild() if rebuild else self._unbuild()
        except Exception:
            self._layers.pop()
            self._maybe_rebuild()
            raise

    def pop(self, rebuild: bool = True) -> Layer:
        """Remove the last layer and return it."""
        if not self.layers:
            raise StateError(f"Sequential model '{self.name}' has no layers to remove.")
        layer = self._layers.pop()
        self._maybe_rebuild() if rebuild else self._unbuild()
        return layer

    def _refuse_input(self) -> None:
        if isinstance(self._layers[0], InputLayer):
            raise ParameterError(
                f"Sequential model '{self.name}' has already been configured to use input shape "
                f"{self._layers[0].batch_shape}. You cannot add a different Input layer to it."
            )
        raise ParameterError(f"An Input must be the first layer of the Sequential model '{self.name}'.")

    def _shown_layers(self) -> list[Layer]:
        return [layer for layer in self._layers if not isinstance(layer, InputLayer)]

    # Building

    def build(self, input_shape: Any = None) -> None:
        """Make the weights of all layers for inputs of `input_shape`, the batch axis first (None: any)."""
        if not self._layers:
            raise NoLayersError(
                f"Sequential model {self.name} cannot be built because it has no layers. Call `model.add(layer)`."
            )
        first = self._layers[0]
        if input_shape is None:
            if not isinstance(first, InputLayer):
                raise ParameterError(f"Sequential model '{self.name}' needs an input shape to be built.")
            input_shape = first.batch_shape
        shape = standardize_shape(input_shape)
        if isinstance(first, InputLayer):
            if first.batch_shape[1:] != shape[1:]:
                raise ShapeError(
                    f"Sequential model '{self.name}' has already been configured to use input shape "
                    f"{first.batch_shape}. You cannot build it with input_shape {shape}"
                )
            entry = first
        else:
            entry = InputLayer(batch_shape=shape)
            self._entered = entry
        self._link(entry)
        self._layers = [entry, *self.layers]
        self._build_shape = entry.batch_shape
        self._sample_shapes = None
        self.built = len(self._layers) > 1
        if not self._trainable:
            self.trainable = False
        self._invalidate()

    def _link(self, entry: Layer) -> None:
        """Call the layers one after the other on what `entry` gives; calls of an earlier build are forgotten."""
        calls: list[Call] = []
        passing = entry._calls[0].outputs
        for layer in self.layers:
            made = Call(layer, passing, layer._connect_all([tensor.shape for tensor in passing]), owner=self)
            if len(made.outputs) != 1:
                raise ParameterError(
                    f"Layer '{layer.name}' gives {len(made.outputs)} outputs: it cannot stand in the Sequential model "
                    f"'{self.name}'."
                )
            calls.append(made)
            passing = made.outputs
        for made in calls:
            made.layer._calls = [*(each for each in made.layer._calls if each.owner is not self), made]
        self._output = passing[0]
        self._take_inputs(entry._calls[0].outputs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        twin = super().__deepcopy__(memo)
        if twin.built:
            twin._link(twin._layers[0])
        return twin

    def _structures(self, what: str) -> tuple[Any, Any]:
        if not self.built:
            raise NotBuiltError(
                f"Sequential model '{self.name}' has no defined {what} yet. Hint: an Input as its first layer, "
                "build(input_shape) or a first call on data gives it one."
            )
        return self._layers[0]._calls[0].outputs[0], self._output

    def _maybe_rebuild(self) -> None:
        self._unbuild()
        if len(self._layers) < 2:
            return
        first = self._layers[0]
        if isinstance(first, InputLayer):
            self.build(first.batch_shape)
        elif isinstance(first, Stack) and first.built:
            self.build(first.input_shape)

    def _unbuild(self) -> None:
        self.built = False
        self._build_shape = None
        self._invalidate()

    def _connect(self, input_shape: Shape) -> Shape:
        if self.built and self._layers[0] is self._entered and not self.weights and not self._is_met(input_shape):
            self._layers = self.layers
            self._unbuild()
        if self.built and self._build_shape is not None:
            self._accept_shape(input_shape)
            return self.compute_output_shape(input_shape)
        # Inside another model any batch size will do, whatever the first one was.
        self.build((None, *input_shape[1:]))
        return self.compute_output_shape(input_shape)

    def _arguments(self, x: Any) -> list[Any]:
        if isinstance(x, dict) and self.built:
            (name,) = self.input_names
            if name not in x:
                raise ParameterError(f"Model '{self.name}' has the inputs {[name]}, but {name!r} was not given.")
            return [x[name]]
        return super()._arguments(x)

    def _is_met(self, shape: Shape) -> bool:
        """Whether a batch of `shape` fits what the model was built for."""
        expected = self._build_shape or ()
        pairs = zip(expected[1:], shape[1:], strict=False)
        return len(shape) == len(expected) and all(None in pair or pair[0] == pair[1] for pair in pairs)

    def _accept_shape(self, shape: Shape) -> None:
        """Raise ShapeError, with a hint, unless a batch of `shape` fits the model's input."""
        expected = self._build_shape
        if expected is None or self._is_met(shape):
            return
        hint = ""
        if shape == expected[1:]:
            hint = ". Hint: models work on batches: add the missing batch axis with x[numpy.newaxis]."
        elif expected[-1] == 1 and shape[1:] == expected[1:-1]:
            hint = ". Hint: add the missing channel axis with x[..., numpy.newaxis]."
        raise ShapeError(
            f"Input 0 with name '{self._layers[0].name}' of layer '{self.name}' is incompatible with the layer: "
            f"expected shape={expected}, found shape={shape}{hint}"
        )

    def compute_output_shape(self, input_shape: Any) -> Shape:
        shape = standardize_shape(input_shape)
        for layer in self.layers:
            shape = standardize_shape(layer.compute_output_shape(shape))
        return shape

    def lower(self, graph: Graph, x: Value) -> Value:
        for layer in self.layers:
            graph.layer = layer.name
            (x,) = layer.lower_with_penalty(graph, [x])
        return x
