"""Copies of a model's architecture."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from convcore.checks import refuse, shown
from convcore.errors import ParameterError
from convcore.layers.base import Layer
from convcore.layers.input import Input
from convcore.layers.registry import deserialize
from convcore.layers.structures import flat, packed
from convcore.layers.symbolic import SymbolicTensor
from convcore.models import topology
from convcore.models.functional import Functional
from convcore.models.model import Model
from convcore.models.sequential import Sequential

__all__ = ["clone_model", "model_from_json"]


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Any = None,
    recursive: bool = False,
) -> Any:
    """A model of the same layers and names as `model`, with new weights, and compiled as `model` is.

    `clone_function` gives what stands in for each layer but the inputs, by default a new layer of its configuration;
    `input_tensors`, in the structure of ``model.input``, are what the new model begins with.
    """
    refuse(
        "keras.models.clone_model",
        {"call_function": call_function, "recursive": recursive},
        {
            "call_function": None,
            "recursive": None,
        },
    )
    if clone_function is not None and not callable(clone_function):
        raise ParameterError(
            f"Expected `clone_function` argument to be a callable. Received: clone_function={shown(clone_function)}"
        )
    custom = {type(layer).__name__: type(layer) for layer in _all_layers(model) if layer._is_own}
    if clone_function is None and input_tensors is None:
        clone = type(model).from_config(model.get_config(), custom)
    else:
        kind = _sequential if isinstance(model, Sequential) else _functional
        clone = kind(model, _once(clone_function or (lambda layer: _again(layer, custom))), input_tensors)
    arguments = model.get_compile_config()
    if arguments is not None:
        clone.compile_from_config({name: value for name, value in arguments.items() if name != "shuffle_seed"})
    return clone


def model_from_json(json_string: str, custom_objects: Mapping[str, type[Layer]] | None = None) -> Any:
    """The model that `Model.to_json` described, with new weights; `custom_objects` maps the names of one's own classes
    of layers to them. ParameterError for any other text."""
    try:
        config = json.loads(json_string)
    except (TypeError, ValueError, RecursionError) as error:
        raise ParameterError(f"`json_string` must be what model.to_json() gave: {error}") from None
    model = deserialize(config, custom_objects)
    if not isinstance(model, Model):
        raise ParameterError(f"`json_string` must describe a model. It describes {model!r}.")
    return model


def _again(layer: Layer, custom: Mapping[str, type[Layer]]) -> Layer:
    restored: Layer = type(layer)._restore(layer.get_config(), custom)
    return restored


def _once(clone_function: Callable[[Layer], Layer]) -> Callable[[Layer], Layer]:
    """`clone_function`, called once for each layer, however often the model calls that."""
    clones: dict[int, Layer] = {}

    def clone(layer: Layer) -> Layer:
        if id(layer) not in clones:
            made = clone_function(layer)
            if not isinstance(made, Layer):
                raise ParameterError(f"`clone_function` must give a layer for {layer!r}. It gave {shown(made)}.")
            clones[id(layer)] = made
        return clones[id(layer)]

    return clone


def _sequential(model: Any, clone: Callable[[Layer], Layer], input_tensors: Any) -> Any:
    layers: list[Any] = [clone(layer) for layer in model.layers]
    if input_tensors is not None:
        tensors = flat(input_tensors)
        if len(tensors) != 1:
            raise ParameterError("Argument `input_tensors` must contain a single tensor.")
        layers.insert(0, *_symbols(tensors))
    elif model.built:
        layers.insert(0, Input(batch_shape=model.inputs[0].shape, name=model.inputs[0].name))
    return Sequential(layers, trainable=model.trainable, name=model.name)


def _functional(model: Any, clone: Callable[[Layer], Layer], input_tensors: Any) -> Any:
    old = flat(model.input)
    if input_tensors is None:
        new = [Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name) for tensor in old]
    else:
        new = _symbols(flat(input_tensors))
        if len(new) != len(old) or isinstance(input_tensors, dict) != isinstance(model.input, dict):
            raise ParameterError(
                f"`input_tensors` must have the same structure as model.input, {len(old)} tensors. "
                f"Received {len(new)} in a {type(input_tensors).__name__}."
            )
    symbols = dict(zip(old, new, strict=True))
    topology.repeat(model.calls, symbols, clone)
    outputs = packed(model.output, [symbols[tensor] for tensor in flat(model.output)])
    return Functional(packed(model.input, new), outputs, name=model.name)


def _symbols(tensors: list[Any]) -> list[Any]:
    for tensor in tensors:
        if not isinstance(tensor, SymbolicTensor):
            raise ParameterError(
                f"All entries in `input_tensors` must be KerasTensors. Received invalid values: {shown(tensor)}"
            )
    return tensors


def _all_layers(model: Model) -> list[Layer]:
    found: list[Layer] = []
    for layer in model.layers:
        found += _all_layers(layer) if isinstance(layer, Model) else [layer]
    return found
