"""What a call() of one's own makes of symbolic tensors: the calls of layers in it, in their order."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcore.errors import NotSupportedError
from convcore.layers.structures import flat
from convcore.layers.symbolic import Call, SymbolicTensor, recording

if TYPE_CHECKING:
    from convcore.layers.base import Layer
    from convcore.program import Graph, Value

__all__ = ["Trace", "joined", "look", "require_inference"]


@dataclass(frozen=True)
class Trace:
    """From `inputs`, by `calls` in their order, to `outputs`, in the structure that call() gave."""

    inputs: tuple[SymbolicTensor, ...]
    outputs: Any
    calls: tuple[Call, ...]

    def lower(self, graph: Graph, xs: Sequence[Value]) -> list[Value]:
        """Add the calls to `graph` behind the values of the inputs; returns those of the outputs."""
        values = dict(zip(self.inputs, xs, strict=True))
        for made in self.calls:
            found = made.lower(graph, [values[tensor] for tensor in made.inputs])
            values.update(zip(made.outputs, found, strict=True))
        return [values[tensor] for tensor in flat(self.outputs)]


def look(layer: Layer, tensors: tuple[SymbolicTensor, ...], arguments: inspect.BoundArguments) -> Trace:
    """What ``layer.call`` does with `arguments`, in which are `tensors`. NotSupportedError if it gives anything but
    tensors that it made of those."""
    kind = type(layer).__name__
    with recording() as calls:
        outputs = layer.call(*arguments.args, **arguments.kwargs)  # type: ignore[attr-defined]
    for output in flat(outputs):
        if not isinstance(output, SymbolicTensor):
            raise NotSupportedError(
                f"convcore does not implement a call() that computes in Python or NumPy (call() of {kind} gave "
                f"{output!r:.80}; supported: layers, sums and products of what they give, functions of keras.ops)"
            )
    # What leads to no output is left out.
    needed = set(flat(outputs))
    used: list[Call] = []
    for made in reversed(calls):
        if not needed.isdisjoint(made.outputs):
            used.insert(0, made)
            needed.update(made.inputs)
    foreign = needed.difference(tensors, *(made.outputs for made in used))
    if foreign:
        raise NotSupportedError(
            f"convcore does not implement a call() that reads tensors from outside of it (call() of {kind} reads "
            f"'{foreign.pop().name}'; supported: its arguments)"
        )
    return Trace(tensors, outputs, tuple(used))


def joined(layer: Layer, training: Trace, inference: Trace) -> Trace:
    """One trace for `training` and for `inference`, in which layers that got call()'s argument `training` follow the
    model. NotSupportedError if the two differ in more than noise, which only training has."""
    described = [_described(trace) for trace in (training, inference)]
    if described[0] != described[1]:
        raise _differs(layer)
    modes = iter([made.training for made in inference.calls if not _is_noise(made)])
    noises = [made for made in inference.calls if _is_noise(made)]
    for made in training.calls:
        if not _is_noise(made):
            later = next(modes)
        else:
            twin = next((each for each in noises if _identity(each.layer) == _identity(made.layer)), None)
            later = None if twin is None else noises.pop(noises.index(twin)).training
        if made.training is None or made.training != later:
            made.training = None
    if any(made.training for made in noises):  # inference alone draws
        raise _differs(layer)
    require_inference(training)
    return training


def _differs(layer: Layer) -> NotSupportedError:
    return NotSupportedError(
        f"convcore does not implement a call() that computes something else in training (as that of "
        f"{type(layer).__name__} does; supported: layers that are called with training=training, and noise, as "
        "Dropout makes, for training alone)"
    )


def require_inference(trace: Trace) -> None:
    """Raise NotSupportedError if a layer is to train in inference too."""
    for made in trace.calls:
        if made.training and not made.layer._draws_if_told:
            raise NotSupportedError(
                f"convcore does not implement training=True in inference (layer '{made.layer.name}'; supported: "
                "training=False, what fit and predict choose, and training=True of Dropout and of noise)"
            )


def _is_noise(made: Call) -> bool:
    """Whether a layer does nothing but in training."""
    shapes = {tensor.shape for tensor in (*made.inputs, *made.outputs)}
    return made.layer.seed_generator is not None and len(shapes) == 1


def _described(trace: Trace) -> tuple[Any, ...]:
    """What it computes in inference: which layer reads what, with numbers for the tensors."""
    numbers: dict[SymbolicTensor, int] = {tensor: number for number, tensor in enumerate(trace.inputs)}
    count, lines = len(numbers), list[Any]()
    for made in trace.calls:
        read = [numbers[tensor] for tensor in made.inputs]
        if _is_noise(made):
            numbers[made.outputs[0]] = read[0]
            continue
        lines.append((_identity(made.layer), read, made.training is None))
        numbers.update({tensor: count + place for place, tensor in enumerate(made.outputs)})
        count += len(made.outputs)
    return (lines, [numbers[tensor] for tensor in flat(trace.outputs)])


def _identity(layer: Layer) -> Any:
    """A layer, or if it may have been made for this trace, its class, its variables and its settings."""
    if layer._is_composed:
        return layer
    config = {key: value for key, value in layer.get_config().items() if key != "name"}
    return (type(layer), layer.weights, repr(config))
