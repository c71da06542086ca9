"""Layers of one's own whose call() uses other layers: what it calls is looked at, and then computed by the engine."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from convcore.errors import NotSupportedError
from convcore.layers.base import Layer
from convcore.layers.forms import Given, Place, filled, placed, shapes_in
from convcore.layers.structures import flat, packed
from convcore.layers.symbolic import Call
from convcore.layers.traces import Trace, joined, look, require_inference
from convcore.layers.validation import Shape, check_input

if TYPE_CHECKING:
    import numpy as np

    from convcore.program import Graph, Value
    from convcore.variables import FlatParameters, Variable

__all__ = ["Composed"]


class Composed(Layer, record_build=False):
    """A layer whose ``call(self, inputs, training=None)`` gives what other layers, and sums, products and functions of
    ``keras.ops``, make of its inputs.

    A class of one's own that derives from `Layer` and has a call() is one. Its layers and variables are those that are
    attributes, or in lists, tuples and dicts that are. `call` runs on symbolic tensors, once for each shape of inputs,
    so Python decides in it by shapes and by attributes, never by values. Where it asks for `training`, noise may come
    and go with that, and nothing else.

    >>> from convcore import layers
    >>> class Block(Layer):
    ...     def __init__(self, units, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.dense = layers.Dense(units, kernel_initializer="ones")
    ...     def call(self, x):
    ...         return self.dense(x) + 2 * x
    >>> Block(2)([[1.0, 3.0]])
    array([[ 6., 10.]], dtype=float32)
    """

    _is_composed = True
    _draws_if_told = False
    _not_copied: ClassVar[frozenset[str]] = Layer._not_copied | {"_traces"}
    # The arguments of call(), with a Place for each tensor in them; None before the first call.
    _form: dict[str, Any] | None = None
    _output_form: Any = None
    _traces: dict[tuple[Shape, ...], Trace] | None = None
    # The arguments of the constructor that a configuration has, unless the class says itself.
    _made_with: dict[str, Any] | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        layer = super().__new__(cls)
        layer._made_with = _bound(cls, args, kwargs)
        return layer

    # What it is made of

    @property
    def _layers(self) -> list[Layer]:
        """The layers that are attributes, in their order."""
        found = dict.fromkeys(_layers_in(self.__dict__, set()))
        found.pop(self, None)
        return list(found)

    @property
    def weights(self) -> list[Variable]:
        """The variables of its own and those of its layers, each once."""
        own = [*self._trainable_variables, *self._non_trainable_variables]
        return list(dict.fromkeys([*own, *(variable for layer in self._layers for variable in layer.weights)]))

    def _set_trainable(self, value: bool) -> None:
        Layer._set_trainable(self, value)
        for layer in self._layers:
            layer.trainable = value

    def _move_in(self, home: FlatParameters) -> None:
        Layer._move_in(self, home)
        for layer in self._layers:
            layer._move_in(home)

    def _activity_losses(self) -> list[np.float32]:
        return [*Layer._activity_losses(self), *self._eager.penalties]

    @property
    def _augments(self) -> bool:
        return not self.weights and any(layer._augments for layer in self._layers)

    # Arguments and results

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What call() gives for arrays, or symbolic tensors, alone or in lists, tuples and dicts."""
        training = kwargs.pop("training", None)
        bound = self._signature().bind(*args, **kwargs).arguments
        given = bound.pop("training", training)
        return super().__call__(self._take(bound), training=given)

    def _signature(self) -> inspect.Signature:
        return inspect.signature(self.call)  # type: ignore[attr-defined]

    def _take(self, arguments: dict[str, Any]) -> Given:
        """The tensors in `arguments`, whose form is that of the first call."""
        tensors = Given()
        form = {name: placed(value, tensors, number == 0) for number, (name, value) in enumerate(arguments.items())}
        if self._form is None:
            self._form = form
        elif self._form != form:
            raise NotSupportedError(
                f"convcore does not implement calls of one layer with arguments of another form (layer '{self.name}' "
                f"received {form}, before that {self._form}; supported: one form, any values of the tensors)"
            )
        return tensors

    def _arguments(self, x: Any) -> list[Any]:
        if isinstance(x, Given):
            return x
        first, *_ = self._signature().parameters
        return self._take({first: x})

    def _packed(self, outputs: Sequence[Any]) -> Any:
        return packed(self._output_form, outputs)

    def _gradients(self, dy: Any) -> list[Any]:
        return flat(dy) if len(flat(self._output_form)) > 1 else [dy]

    # Shapes

    def build(self, input_shape: Any) -> None:
        """Make the variables of the layers inside, for inputs of `input_shape`, the batch axis first."""
        shapes = shapes_in(input_shape)
        self._build_shape, self.built = shapes[0], True
        if type(self).build is Composed.build:
            self._connect_all(shapes)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The output's shape, or shapes in the structure of the output."""
        return self._packed(self._connect_all(shapes_in(input_shape)))

    def _connect(self, input_shape: Shape) -> Shape:
        return self._connect_all([input_shape])[0]

    def _connect_all(self, input_shapes: list[Shape]) -> list[Shape]:
        check_input(self.input_spec, input_shapes[0], self.name)
        form = self._form_for(len(input_shapes))
        if not self.built or self._build_shape is None:
            if type(self).build is not Composed.build:
                self.build(filled(next(iter(form.values())), input_shapes))
            self._build_shape, self.built = input_shapes[0], True
        trace = self._trace(input_shapes)
        if not self._trainable:
            self.trainable = False
        return [tensor.shape for tensor in flat(trace.outputs)]

    def _form_for(self, count: int) -> dict[str, Any]:
        """The form of the arguments; of `count` tensors that no call has given one, an argument each, or all in one."""
        if self._form is None:
            parameters = self._signature().parameters.values()
            names = [
                each.name for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD
            ]
            places = [Place(number) for number in range(count)]
            each = dict(zip(names, places, strict=False))
            self._form = each if len(names) == count else {names[0]: places}
        return self._form

    def _trace(self, shapes: Sequence[Shape]) -> Trace:
        key = tuple((None, *shape[1:]) for shape in shapes)
        if self._traces is None or len(self._traces) > 8:
            self._traces = {}
        if key not in self._traces:
            trace = self._look(key, True)
            if "training" in self._signature().parameters:
                trace = joined(self, trace, self._look(key, False))
            else:
                require_inference(trace)
            known = set(self.weights)
            for made in trace.calls:
                if not known.issuperset(made.layer.weights):
                    raise NotSupportedError(
                        f"convcore does not implement layers with weights that are made in call() (call() of "
                        f"{type(self).__name__} makes '{made.layer.name}'; supported: layers that are attributes, made "
                        "in __init__ or build)"
                    )
            self._output_form = packed(trace.outputs, range(len(flat(trace.outputs))))
            self._traces[key] = trace
        return self._traces[key]

    def _look(self, shapes: Sequence[Shape], training: bool) -> Trace:
        tensors = Call(self, (), shapes).outputs
        bound = inspect.BoundArguments(self._signature(), {})
        arguments = filled(self._form_for(len(shapes)), tensors)
        if "training" in self._signature().parameters:
            arguments["training"] = training
        # In the order of the parameters, as they are passed on.
        names = [name for name in self._signature().parameters if name in arguments]
        bound.arguments.update({name: arguments[name] for name in names})
        return look(self, tensors, bound)

    # The engine

    def lower(self, graph: Graph, x: Value) -> Value:
        (y,) = self._lower_all(graph, [x])
        return y

    def _lower_all(self, graph: Graph, xs: list[Value]) -> list[Value]:
        return self._trace([(None, *x.shape) for x in xs]).lower(graph, xs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON types, as far as they are such."""
        config = Layer.get_config(self)
        if type(self).get_config is not Composed.get_config:
            return config
        if self._made_with is None:
            raise NotSupportedError(
                f"convcore does not implement the configuration of {type(self).__name__}, whose constructor takes more "
                "than numbers and texts (supported: get_config() of its own)"
            )
        return config | self._made_with


def _layers_in(thing: Any, seen: set[int]) -> Iterator[Layer]:
    if isinstance(thing, Layer):
        yield thing
    elif isinstance(thing, list | tuple | dict) and id(thing) not in seen:
        seen.add(id(thing))
        for part in thing.values() if isinstance(thing, dict) else thing:
            yield from _layers_in(part, seen)


def _bound(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments by name; None if a file could not have them."""
    try:
        bound = inspect.signature(cls.__init__).bind(None, *args, **kwargs)  # type: ignore[misc]
    except TypeError:  # the constructor says it better
        return None
    _, *values = bound.arguments.items()
    named: dict[str, Any] = {}
    for name, value in values:
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            return None
        named |= value if kind is inspect.Parameter.VAR_KEYWORD else {name: value}
    return named if all(_is_plain(value) for value in named.values()) else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(part) for part in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(part) for key, part in value.items())
    return value is None or isinstance(value, bool | int | float | str)
