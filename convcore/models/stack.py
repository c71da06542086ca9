"""The structure of a model: layers in a row, their shapes, their weights and their graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcore.errors import NotBuiltError, NotSupportedError, ParameterError, ShapeError, StateError
from convcore.layers.base import Layer
from convcore.layers.eager import is_home
from convcore.layers.input import InputLayer
from convcore.layers.symbolic import SymbolicTensor
from convcore.layers.validation import Shape, standardize_shape
from convcore.variables import FlatParameters, Variable

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Stack"]


class Stack(Layer, record_build=False):
    """Layers in a row, as one layer."""

    _not_copied: ClassVar[frozenset[str]] = Layer._not_copied | {"_compiled_graph"}
    _compiled_graph: Graph | None = None

    def __init__(self, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(trainable=trainable, name=name)
        self._layers: list[Layer] = []
        self._trained: tuple[bool, ...] = ()

    @property
    def _is_custom(self) -> bool:
        return False

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

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input layer."""
        return [layer for layer in self._layers if not isinstance(layer, InputLayer)]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer called `name`, or the one at `index`."""
        if index is not None and name is not None:
            raise ParameterError(f"Provide only a layer name or a layer index. Received: index={index}, name={name}.")
        layers = self.layers
        if index is not None:
            if index >= len(layers):
                raise ParameterError(
                    f"Was asked to retrieve layer at index {index} but model only has {len(layers)} layers."
                )
            return layers[index]
        if name is None:
            raise ParameterError("Provide either a layer name or layer index at `get_layer`.")
        for layer in layers:
            if layer.name == name:
                return layer
        raise ParameterError(f"No such layer: {name}. Existing layers are: {[layer.name for layer in layers]}.")

    # Building

    def build(self, input_shape: Any = None) -> None:
        """Make the weights of all layers for inputs of `input_shape`, the batch axis first (None: any)."""
        if not self._layers:
            raise StateError(
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
        entry._connected = (entry.batch_shape, entry.batch_shape)
        connections = []
        passing = entry.batch_shape
        for layer in self.layers:
            output = layer._connect(passing)
            connections.append((layer, (passing, output)))
            passing = output
        for layer, connection in connections:
            layer._connected = connection
        self._layers = [entry, *self.layers]
        self._build_shape = entry.batch_shape
        self.built = bool(connections)
        if not self._trainable:
            self.trainable = False
        self._invalidate()

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
        if self.built and self._build_shape is not None:
            self._accept_shape(input_shape)
            return self.compute_output_shape(input_shape)
        # Inside another model any batch size will do, whatever the first one was.
        self.build((None, *input_shape[1:]))
        return self.compute_output_shape(input_shape)

    def _accept_shape(self, shape: Shape) -> None:
        """Raise ShapeError, with a hint, unless a batch of `shape` fits the model's input."""
        expected = self._build_shape
        if expected is None:
            return
        pairs = zip(expected[1:], shape[1:], strict=False)
        if len(shape) == len(expected) and all(None in pair or pair[0] == pair[1] for pair in pairs):
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

    @property
    def inputs(self) -> list[SymbolicTensor]:
        self._require_built("inputs")
        return [self._layers[0].output]

    @property
    def outputs(self) -> list[SymbolicTensor]:
        self._require_built("outputs")
        return [self._layers[-1].output]

    @property
    def input(self) -> SymbolicTensor:
        return self.inputs[0]

    @property
    def output(self) -> SymbolicTensor:
        return self.outputs[0]

    @property
    def input_shape(self) -> Shape:
        self._require_built("input shape")
        return self._layers[0].output.shape

    @property
    def output_shape(self) -> Shape:
        self._require_built("output shape")
        return self._layers[-1].output.shape

    def _require_built(self, what: str) -> None:
        if not self.built:
            raise NotBuiltError(
                f"Sequential model '{self.name}' has no defined {what} yet. Hint: an Input as its first layer, "
                "build(input_shape) or a first call on data gives it one."
            )

    # Weights

    @property
    def weights(self) -> list[Variable]:
        """All variables, layer by layer."""
        return [variable for layer in self._layers for variable in layer.weights]

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it sets it for every layer."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in self._layers:
            layer.trainable = self._trainable

    def _move_in(self, home: FlatParameters) -> None:
        super()._move_in(home)
        for layer in self._layers:
            layer._move_in(home)

    # What the engine and the training methods use

    def lower(self, graph: Graph, x: Value) -> Value:
        for layer in self.layers:
            graph.layer = layer.name
            x = layer.lower_with_penalty(graph, x)
        return x

    def _graph(self) -> Graph:
        """The model as the engine's graph. StateError before the model is built."""
        if not self.built or self._build_shape is None:
            raise StateError(f"Sequential model '{self.name}' is not built yet: it does not know its input shape.")
        if self._compiled_graph is None:
            from convcore.program.graph import Graph

            shape = tuple(dim for dim in self._build_shape[1:] if dim is not None)
            if len(shape) != len(self._build_shape) - 1:
                raise NotSupportedError(
                    f"convcore does not implement inputs of unknown size (supported: a known shape, such as "
                    f"(28, 28, 1)). Received: input shape {self._build_shape}"
                )
            graph = Graph(shape)
            graph.output = self.lower(graph, graph.input)
            self._compiled_graph = graph
        return self._compiled_graph

    def _parameters(self) -> FlatParameters:
        """The flat buffers of exactly this model's variables, in the order of `get_weights`.

        When another model that shares layers has taken the variables into its own buffers, they move back and the
        compiled forms of this model are dropped; likewise when `trainable` has changed for one of them. So ask for the
        parameters before using a compiled form.
        """
        variables = self.weights
        home = self._home
        trained = tuple(variable.trainable for variable in variables)
        if home is None or home.variables != tuple(variables) or not is_home(home, variables):
            home = FlatParameters(variables)
            self._move_in(home)
            self._invalidate()
        elif trained != self._trained:
            self._invalidate()
        self._trained = trained
        return home

    def _home_parameters(self) -> FlatParameters:
        return self._parameters()

    def _invalidate(self) -> None:
        """Drop what was compiled for the model as it was."""
        self._compiled_graph = None
        self._eager.clear()
