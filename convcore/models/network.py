"""What all models have: layers with their weights, and a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from convcore.errors import NotBuiltError, NotSupportedError, ParameterError, StateError
from convcore.layers.base import Layer
from convcore.layers.eager import is_home
from convcore.layers.refused import OF_MODELS, refuse_attributes
from convcore.layers.structures import flat
from convcore.layers.symbolic import SymbolicTensor
from convcore.variables import FlatParameters, Variable, mark_change, revision

if TYPE_CHECKING:
    import numpy as np

    from convcore.program import Graph

__all__ = ["Network"]


# What subclasses of keras.Model define there; none of it leads to a program for the engine.
_OWN_STEPS = ("train_step", "test_step", "predict_step", "compute_loss", "compute_metrics")


class Network(Layer, record_build=False):
    """Layers that are one layer together."""

    _not_copied: ClassVar[frozenset[str]] = Layer._not_copied | {"_compiled_graph"}
    _lets_call_be_own = False
    _compiled_graph: Graph | None = None
    _layers: list[Layer]
    #: How many inputs it has, whether some leave sizes open, and the shapes of the samples that it is planned for then.
    _input_count: int = 1
    _is_open: bool = False
    _sample_shapes: tuple[tuple[int, ...], ...] | None = None

    def __init__(self, trainable: bool = True, name: str | None = None, **kwargs: Any) -> None:
        steps = _OWN_STEPS if self._is_composed else ("call", *_OWN_STEPS)
        own = next((name for name in steps if hasattr(type(self), name)), None)
        if own is not None:
            raise NotSupportedError(
                f"convcore does not implement {own}() of one's own in a model, as {type(self).__name__} has "
                "(supported: keras.Model(inputs, outputs), keras.Sequential, subclasses of both that make their layers "
                "in __init__, and layers, losses and metrics of one's own)"
            )
        super().__init__(trainable=trainable, name=name, **kwargs)
        if not self._is_composed:
            self._layers = []
        self._trained: tuple[bool, ...] = ()
        # The revision of all variables at which `_parameters` found its answer.
        self._seen_revision = -1

    @property
    def _is_custom(self) -> bool:
        return False

    @property
    def layers(self) -> list[Layer]:
        """The layers, without what a Sequential model takes its input from."""
        return self._shown_layers()

    @layers.setter
    def layers(self, value: Any) -> None:
        hint = (
            "Use `add()` and `pop()` to change the layers in this model."
            if hasattr(self, "pop")
            else "Please use another name."
        )
        raise AttributeError(f"`Model.layers` attribute is reserved and should not be used. {hint}")

    def _shown_layers(self) -> list[Layer]:
        return list(self._layers)

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

    # Inputs and outputs

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """What stands for the inputs, in a list."""
        return flat(self._structures("inputs")[0])

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """What stands for the outputs, in a list."""
        return flat(self._structures("outputs")[1])

    @property
    def input(self) -> Any:
        """What stands for the inputs, as they were given."""
        return self._structures("input")[0]

    @property
    def output(self) -> Any:
        """What stands for the outputs, as they were given."""
        return self._structures("output")[1]

    @property
    def input_shape(self) -> Any:
        shapes = [tensor.shape for tensor in self.inputs]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self) -> Any:
        shapes = [tensor.shape for tensor in self.outputs]
        return shapes[0] if len(shapes) == 1 else shapes

    def _structures(self, what: str) -> tuple[Any, Any]:
        """Inputs and outputs, in the structures of a call. NotBuiltError before the model is built."""
        raise NotBuiltError(f"Model '{self.name}' has no defined {what} yet.")

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        return [tensor.name for tensor in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that give the outputs."""
        return [tensor.layer.name for tensor in self.outputs]

    # Weights

    @property
    def weights(self) -> list[Variable]:
        """All variables, layer by layer, each once."""
        return list(dict.fromkeys(variable for layer in self._layers for variable in layer.weights))

    def _activity_losses(self) -> list[np.float32]:
        return [*super()._activity_losses(), *self._eager.penalties]

    def _set_trainable(self, value: bool) -> None:
        super()._set_trainable(value)
        for layer in self._layers:
            layer.trainable = value

    def _move_in(self, home: FlatParameters) -> None:
        super()._move_in(home)
        for layer in self._layers:
            layer._move_in(home)

    @property
    def _augments(self) -> bool:
        return not self.weights and any(layer._augments for layer in self._layers)

    # What the engine and the training methods use

    def _graph(self) -> Graph:
        """The model as the engine's graph. StateError before the model is built."""
        if not self.built:
            raise StateError(
                f"{type(self).__name__} model '{self.name}' is not built yet: it does not know its input shape."
            )
        if self._compiled_graph is None:
            from convcore.program import Graph

            shapes = [tensor.shape for tensor in self.inputs]
            known = self._sample_shapes if self._is_open else None
            if known is None:
                known = tuple(tuple(dim for dim in shape[1:] if dim is not None) for shape in shapes)
                for shape, dims in zip(shapes, known, strict=True):
                    if len(dims) != len(shape) - 1:
                        raise StateError(
                            f"Model '{self.name}' leaves sizes of its input open: {shape}. Data gives them: call "
                            "predict, fit or evaluate first."
                        )
            graph = Graph(*known)
            graph.outputs = self._lower_all(graph, list(graph.inputs))
            self._compiled_graph = graph
        return self._compiled_graph

    def _take_inputs(self, inputs: Sequence[SymbolicTensor]) -> None:
        """`inputs` are those of the model."""
        self._input_count = len(inputs)
        self._is_open = any(None in tensor.shape[1:] for tensor in inputs)

    def _take_sizes(self, shapes: Sequence[tuple[int, ...]]) -> None:
        """Plan for samples of `shapes`, one for each input, which leave no size open."""
        if self._sample_shapes != tuple(shapes):
            self._connect_all([(None, *shape) for shape in shapes])
            self._sample_shapes = tuple(shapes)
            self._invalidate()

    def _parameters(self) -> FlatParameters:
        """The flat buffers of exactly this model's variables, in the order of `get_weights`.

        When another model that shares layers has taken the variables into its own buffers, they move back and the
        compiled forms of this model are dropped; likewise when `trainable` has changed for one of them. So ask for the
        parameters before using a compiled form.
        """
        home = self._home
        if home is not None and self._seen_revision == revision():
            return home
        variables = self.weights
        trained = tuple(variable.trainable for variable in variables)
        if home is None or home.variables != tuple(variables) or not is_home(home, variables):
            home = FlatParameters(variables)
            self._move_in(home)
            self._invalidate()
        elif trained != self._trained:
            self._invalidate()
        self._trained = trained
        self._seen_revision = revision()
        return home

    def _home_parameters(self) -> FlatParameters:
        return self._parameters()

    def _invalidate(self) -> None:
        """Drop what was compiled for the model as it was."""
        mark_change()
        self._compiled_graph = None
        self._eager.clear()


refuse_attributes(Network, OF_MODELS)
