"""Activation functions: on NumPy arrays, and by name for the layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from convcore.activations.functions import (
    celu,
    elu,
    exponential,
    gelu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    leaky_relu,
    linear,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    squareplus,
    swish,
    tanh,
    tanh_shrink,
    threshold,
)
from convcore.errors import NotSupportedError, ParameterError
from convcore.keras_names import missing

__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]

Activation = Callable[..., Any]

_FUNCTIONS: dict[str, Activation] = {
    function.__name__: function
    for function in (
        celu,
        elu,
        exponential,
        gelu,
        hard_shrink,
        hard_sigmoid,
        hard_silu,
        hard_tanh,
        leaky_relu,
        linear,
        log_sigmoid,
        log_softmax,
        mish,
        relu,
        relu6,
        selu,
        sigmoid,
        silu,
        soft_shrink,
        softmax,
        softplus,
        softsign,
        sparse_plus,
        sparse_sigmoid,
        squareplus,
        tanh,
        tanh_shrink,
        threshold,
    )
}
_ALIASES = {"swish": silu, "hard_swish": hard_silu}


def get(identifier: Any) -> Activation:
    """The activation function meant by `identifier`: None, a name in any case, one of the functions here, or a
    layer without weights.

    >>> get("ReLU") is relu, get(None) is linear
    (True, True)
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        name = identifier.lower()
        named = _FUNCTIONS.get(name) or _ALIASES.get(name)
        if named is not None:
            return named
        unsupported = missing("activations", name)
        if unsupported is not None:
            raise unsupported
        raise ParameterError(
            f"Could not interpret activation function identifier: {identifier}. Supported: {', '.join(_FUNCTIONS)}."
        )
    if is_layer(identifier) or any(identifier is function for function in _FUNCTIONS.values()):
        return cast("Activation", identifier)
    if callable(identifier):
        raise NotSupportedError(
            f"convcore does not implement activation functions of one's own (received {identifier!r}; supported: "
            f"{', '.join(_FUNCTIONS)}). Write it as a layer: subclass keras.layers.Layer with forward and backward."
        )
    raise ParameterError(
        f"Could not interpret activation function identifier: {identifier!r}. Supported: {', '.join(_FUNCTIONS)}."
    )


def is_layer(activation: object) -> bool:
    """Whether `activation` is not a function but a layer, such as ReLU(6)."""
    return not isinstance(activation, type) and hasattr(activation, "lower") and hasattr(activation, "get_config")


def serialize(activation: Activation) -> Any:
    """The name of an activation function of this module, or the configuration of a layer that serves as one."""
    if is_layer(activation):
        layer: Any = activation
        return {"class_name": type(layer).__name__, "config": layer.get_config()}
    for name, function in _FUNCTIONS.items():
        if function is activation:
            return name
    raise ParameterError(f"{activation!r} is not one of the activations {', '.join(_FUNCTIONS)}.")


def deserialize(config: str, custom_objects: Mapping[str, Activation] | None = None) -> Activation:
    """The activation function called `config`; `custom_objects` maps the names of one's own to them."""
    return get((custom_objects or {}).get(config, config))


def __getattr__(name: str) -> Any:
    raise missing("activations", name) or AttributeError(f"module {__name__!r} has no attribute {name!r}")
