"""A functional model as plain data: its layers, and which results of which each was called on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convcore.errors import ParameterError
from convcore.layers.base import Layer
from convcore.layers.input import InputLayer
from convcore.layers.registry import deserialize, serialize
from convcore.layers.structures import flat, packed
from convcore.layers.symbolic import Call, SymbolicTensor, call

__all__ = ["describe", "rebuild"]

KEYS = {"name", "trainable", "layers", "input_layers", "output_layers"}


def describe(layers: Sequence[Layer], calls: Sequence[Call], inputs: Any, outputs: Any) -> dict[str, Any]:
    """The layers, each with its calls as lists of ``[layer, number of its call, number of the output]``, and inputs and
    outputs likewise. A call that says `training` is a dict of that and of its inputs."""
    numbers: dict[Call, int] = {}
    made_of: dict[Layer, list[Call]] = {layer: [] for layer in layers}
    for made in calls:
        numbers[made] = len(made_of[made.layer])
        made_of[made.layer].append(made)

    def place(tensor: SymbolicTensor) -> list[Any]:
        return [tensor.layer.name, numbers[tensor.call], tensor.index]

    def node(made: Call) -> Any:
        places = [place(tensor) for tensor in made.inputs]
        return places if made.training is None else {"inputs": places, "training": made.training}

    def structure(tensors: Any) -> Any:
        return packed(tensors, [{"tensor": place(tensor)} for tensor in flat(tensors)])

    descriptions = [
        serialize(layer) | {"inbound_nodes": [node(made) for made in made_of[layer] if made.inputs]} for layer in layers
    ]
    return {"layers": descriptions, "input_layers": structure(inputs), "output_layers": structure(outputs)}


def rebuild(config: dict[str, Any], custom_objects: Mapping[str, type[Layer]] | None) -> tuple[Any, Any]:
    """Inputs and outputs of new layers that are called as `describe` says; ParameterError for what it never says."""
    descriptions = config.get("layers")
    if set(config) - KEYS or not isinstance(descriptions, list | tuple):
        raise ParameterError(f"Not the configuration of a functional model: {sorted(set(config) - KEYS)!r:.200}")
    results: dict[tuple[str, int], list[SymbolicTensor]] = {}
    waiting: list[tuple[Layer, int, Any]] = []
    for description in descriptions:
        layer = deserialize(description, custom_objects)
        if isinstance(layer, InputLayer):
            results[layer.name, 0] = list(layer._calls[0].outputs)
        waiting += [(layer, number, places) for number, places in enumerate(description.get("inbound_nodes", ()))]
    while waiting:
        later = []
        for layer, number, node in waiting:
            places, training = _node(node)
            layer._require_may_draw(training)
            ready = [_find(results, place) for place in places]
            # A layer's calls happen in their order, so that its numbers are those of before.
            is_next = number == 0 or (layer.name, number - 1) in results
            if is_next and all(tensor is not None for tensor in ready):
                given = [tensor for tensor in ready if tensor is not None]
                results[layer.name, number] = flat(call(layer, given, training))
            else:
                later.append((layer, number, node))
        if len(later) == len(waiting):
            raise ParameterError(
                f"The layer {waiting[0][0].name!r} is called on what no layer gives: {waiting[0][2]!r:.200}"
            )
        waiting = later
    return _structure(results, config.get("input_layers")), _structure(results, config.get("output_layers"))


def _node(node: Any) -> tuple[list[Any], bool | None]:
    """What a call was given, and its `training`."""
    if isinstance(node, dict):
        if set(node) != {"inputs", "training"} or not isinstance(node["training"], bool):
            raise ParameterError(f"Not a call of a layer: {node!r:.200}")
        places, training = node["inputs"], node["training"]
        if not isinstance(places, list | tuple):
            raise ParameterError(f"Not a call of a layer: {places!r:.200}")
        return list(places), training
    return list(node), None


def _find(results: Mapping[tuple[str, int], list[SymbolicTensor]], place: Any) -> SymbolicTensor | None:
    if not isinstance(place, list | tuple) or len(place) != 3:
        raise ParameterError(f"Not the place of a layer's output: {place!r:.200}")
    name, number, index = place
    found = results.get((name, number)) if isinstance(name, str) else None
    return found[index] if found is not None and index in range(len(found)) else None


def _structure(results: Mapping[tuple[str, int], list[SymbolicTensor]], described: Any) -> Any:
    if isinstance(described, dict) and set(described) == {"tensor"} and not isinstance(described["tensor"], dict):
        tensor = _find(results, described["tensor"])
        if tensor is None:
            raise ParameterError(f"No layer gives {described['tensor']!r:.200}.")
        return tensor
    if isinstance(described, dict):
        return {str(key): _structure(results, part) for key, part in described.items()}
    if isinstance(described, list | tuple):
        return [_structure(results, part) for part in described]
    raise ParameterError(f"Not the inputs or outputs of a functional model: {described!r:.200}")
