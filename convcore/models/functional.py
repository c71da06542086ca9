"""Models whose layers were called on one another, in any shape without a loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from convcore.errors import ParameterError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.registry import register
from convcore.layers.structures import flat, packed
from convcore.layers.symbolic import Call, SymbolicTensor
from convcore.layers.validation import Shape
from convcore.models import topology, wiring
from convcore.models.model import Model

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Functional"]


class Functional(Model, record_build=False):
    """The layers that lead from `inputs` to `outputs`: what ``keras.Model(inputs, outputs)`` makes.

    ParameterError if an output needs an input that is not among `inputs`, or if two layers have one name.
    """

    _not_copied: ClassVar[frozenset[str]] = Model._not_copied | {"_calls_made", "_input_symbols", "_output_symbols"}

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, trainable: bool = True) -> None:
        super(Model, self).__init__(trainable=trainable, name=name)
        for what, structure in {"inputs": inputs, "outputs": outputs}.items():
            for tensor in flat(structure):
                if not isinstance(tensor, SymbolicTensor):
                    raise ParameterError(
                        f"All `{what}` values must be KerasTensors. Received: {what}={structure} including invalid "
                        f"value {tensor} of type {type(tensor)}"
                    )
        self._wire(*topology.from_inputs(inputs, outputs))
        if not trainable:
            self.trainable = False

    def _wire(self, inputs: Any, outputs: Any) -> None:
        self._input_symbols, self._output_symbols = inputs, outputs
        self._calls_made, self._layers = topology.order(flat(inputs), flat(outputs))
        self._build_shape = self.inputs[0].shape
        self._take_inputs(self.inputs)
        self.built = True

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        twin = super().__deepcopy__(memo)
        # The layers were copied without their calls: make them again.
        copies = {id(layer): again for layer, again in zip(self._layers, twin._layers, strict=True)}
        symbols = {tensor: copies[id(tensor.layer)]._calls[0].outputs[0] for tensor in self.inputs}
        topology.repeat(self._calls_made, symbols, lambda layer: copies[id(layer)])
        structures = (self._input_symbols, self._output_symbols)
        twin._wire(*(packed(each, [symbols[tensor] for tensor in flat(each)]) for each in structures))
        return twin

    def _structures(self, what: str) -> tuple[Any, Any]:
        return self._input_symbols, self._output_symbols

    @property
    def calls(self) -> list[Call]:
        """The calls of layers from the inputs to the outputs, each behind those whose results it takes."""
        return list(self._calls_made)

    # Calls

    def _arguments(self, x: Any) -> list[Any]:
        inputs = self.inputs
        if isinstance(x, dict):
            names = sorted(self._input_symbols) if isinstance(self._input_symbols, dict) else self.input_names
            missing = [name for name in names if name not in x]
            if missing:
                raise ParameterError(f"Model '{self.name}' has the inputs {names}, but {missing[0]!r} was not given.")
            return [x[name] for name in names]
        if isinstance(x, list | tuple) and any(hasattr(each, "shape") for each in x):
            if len(x) != len(inputs):
                raise ParameterError(f"Model '{self.name}' has {len(inputs)} inputs, but {len(x)} were given.")
            return flat(list(x))
        if len(inputs) != 1:
            raise ParameterError(
                f"Model '{self.name}' has {len(inputs)} inputs: give it a list of as many, or a dict by "
                f"{self.input_names}."
            )
        return [x]

    def _packed(self, outputs: Sequence[Any]) -> Any:
        is_alone = len(outputs) == 1 and not isinstance(self._output_symbols, dict)
        return outputs[0] if is_alone else packed(self._output_symbols, outputs)

    def _gradients(self, dy: Any) -> list[Any]:
        return [dy] if len(self.outputs) == 1 else flat(dy)

    def _connect(self, input_shape: Shape) -> Shape:
        return self._connect_all([input_shape])[0]

    def _connect_all(self, input_shapes: list[Shape]) -> list[Shape]:
        for tensor, shape in zip(self.inputs, input_shapes, strict=True):
            pairs = zip(tensor.shape[1:], shape[1:], strict=False)
            if len(shape) != len(tensor.shape) or not all(None in pair or pair[0] == pair[1] for pair in pairs):
                raise ShapeError(
                    f"Input 0 with name '{tensor.name}' of layer '{self.name}' is incompatible with the layer: "
                    f"expected shape={tensor.shape}, found shape={shape}"
                )
        return self._output_shapes(input_shapes)

    def compute_output_shape(self, input_shape: Any) -> Any:
        several = len(self.inputs) > 1 or (len(input_shape) == 1 and isinstance(input_shape[0], tuple | list))
        return self._packed(self._output_shapes(list(input_shape) if several else [tuple(input_shape)]))

    def _output_shapes(self, input_shapes: list[Shape]) -> list[Shape]:
        shapes = dict(zip(self.inputs, map(tuple, input_shapes), strict=True))
        for made in self._calls_made:
            if made.inputs:
                found = made.layer._connect_all([shapes[tensor] for tensor in made.inputs])
                shapes.update(zip(made.outputs, found, strict=True))
        return [shapes[tensor] for tensor in self.outputs]

    def _lower_all(self, graph: Graph, xs: list[Value]) -> list[Value]:
        values = dict(zip(self.inputs, xs, strict=True))
        for made in self._calls_made:
            if made.inputs:
                found = made.lower(graph, [values[tensor] for tensor in made.inputs])
                values.update(zip(made.outputs, found, strict=True))
        return [values[tensor] for tensor in self.outputs]

    def lower(self, graph: Graph, x: Value) -> Value:
        (y,) = self._lower_all(graph, [x])
        return y

    # Configuration

    def get_config(self) -> dict[str, Any]:
        """Name, layers with their configurations and what each was called on, inputs and outputs; JSON types."""
        config = {"name": self.name, "trainable": self._trainable}
        return config | wiring.describe(self._layers, self._calls_made, self._input_symbols, self._output_symbols)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, type[Layer]] | None = None) -> Any:
        """A new model, with new weights, from what `get_config` returned."""
        inputs, outputs = wiring.rebuild(config, custom_objects)
        # A subclass with a constructor of its own is made by that alone.
        cls = cls if cls.__init__ is Functional.__init__ else Functional
        return cls(inputs, outputs, name=config.get("name"), trainable=config.get("trainable", True))


register(Functional)
