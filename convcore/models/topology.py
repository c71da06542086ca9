"""The order of the layers between some inputs and some outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from convcore.errors import ParameterError
from convcore.layers.base import Layer
from convcore.layers.input import InputLayer
from convcore.layers.structures import flat, packed
from convcore.layers.symbolic import Call, SymbolicTensor, call

__all__ = ["from_inputs", "order", "repeat"]


def from_inputs(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """`inputs` and `outputs` where every input is one of an `InputLayer`: what a layer gave and a model begins with is
    replaced by an Input of its own, and what leads from there to the outputs is called again."""
    stand_ins: dict[SymbolicTensor, SymbolicTensor] = {}
    for tensor in flat(inputs):
        is_input = isinstance(tensor.layer, InputLayer)
        stand_ins[tensor] = tensor if is_input else InputLayer(batch_shape=tensor.shape)._calls[0].outputs[0]
    if all(given is tensor for tensor, given in stand_ins.items()):
        return inputs, outputs
    calls, _ = order(flat(inputs), flat(outputs))
    for made in calls:
        if made.outputs[0] not in stand_ins and made.inputs:
            again = Call(
                made.layer,
                [stand_ins[tensor] for tensor in made.inputs],
                [tensor.shape for tensor in made.outputs],
                [tensor.name for tensor in made.outputs],
                training=made.training,
            )
            made.layer._calls.append(again)
            stand_ins.update(zip(made.outputs, again.outputs, strict=True))
    return (
        packed(inputs, [stand_ins[tensor] for tensor in flat(inputs)]),
        packed(outputs, [stand_ins[tensor] for tensor in flat(outputs)]),
    )


def repeat(
    calls: Sequence[Call], symbols: dict[SymbolicTensor, SymbolicTensor], layer_of: Callable[[Layer], Layer]
) -> None:
    """Call the layers that `layer_of` gives for those of `calls`. `symbols` says what stands for the inputs; what
    stands for the results joins it."""
    for made in calls:
        if made.inputs and made.outputs[0] not in symbols:
            given = [symbols[tensor] for tensor in made.inputs]
            symbols.update(zip(made.outputs, flat(call(layer_of(made.layer), given, made.training)), strict=True))


def order(inputs: Sequence[SymbolicTensor], outputs: Sequence[SymbolicTensor]) -> tuple[list[Call], list[Layer]]:
    """The calls that lead from `inputs` to `outputs`, each behind those whose results it takes, and the layers in
    Keras's order: by their distance from the outputs, the farthest first, and then as they are met from there."""
    calls, met = _walk(inputs, outputs)
    depths: dict[Call, int] = {}
    layer_depths: dict[Layer, int] = {}
    for made in reversed(calls):
        depth = max(depths.get(made, 0), layer_depths.get(made.layer, 0))
        depths[made] = layer_depths[made.layer] = depth
        for tensor in made.inputs:
            depths[tensor.call] = max(depths.get(tensor.call, 0), depth + 1)
    for tensor in inputs:  # what leads to no output
        if isinstance(tensor.layer, InputLayer) and tensor.layer not in layer_depths:
            layer_depths[tensor.layer], met[tensor.layer] = 0, -1
            calls.insert(0, tensor.call)
    layers = sorted(layer_depths, key=lambda layer: (-layer_depths[layer], met[layer]))
    names = [layer.name for layer in layers]
    for name in names:
        if names.count(name) != 1:
            raise ParameterError(
                f'The name "{name}" is used {names.count(name)} times in the model. '
                "All operation names should be unique."
            )
    return calls, layers


def _walk(inputs: Sequence[SymbolicTensor], outputs: Sequence[SymbolicTensor]) -> tuple[list[Call], dict[Layer, int]]:
    """The calls in a depth-first order from the outputs, inputs of calls first, and when each layer was met."""
    given, finished, met = set(inputs), set[Call](), dict[Layer, int]()
    calls: list[Call] = []
    # A stack of its own: a network may be deeper than Python's.
    waiting = [(tensor, False) for tensor in reversed(outputs)]
    while waiting:
        tensor, is_done = waiting.pop()
        made = tensor.call
        if made in finished or (tensor in given and made.inputs):
            continue
        if is_done:
            finished.add(made)
            calls.append(made)
            continue
        if not made.inputs and tensor not in given:
            raise ParameterError(
                f"Graph disconnected: cannot find parent for tensor {tensor} at operation '{made.layer.name}'. "
                f"The following previous operations were accessed without issue: {[c.layer.name for c in calls]}"
            )
        met.setdefault(made.layer, len(met))
        waiting.append((tensor, True))
        waiting += [(each, False) for each in reversed(made.inputs)]
    return calls, met
