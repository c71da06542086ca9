"""Regularizers: what weights and activations add to the loss. Names, defaults and formulas are Keras's.

>>> get("l2")
L2(l2=0.01)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convcore.checks import find, shown
from convcore.errors import NotSupportedError, ParameterError
from convcore.regularizers.base import Regularizer
from convcore.regularizers.norms import L1, L1L2, L2
from convcore.regularizers.orthogonal import OrthogonalRegularizer

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

_REGULARIZERS: dict[str, type[Regularizer]] = {kind.__name__: kind for kind in (L1, L2, L1L2, OrthogonalRegularizer)}


def get(identifier: Any) -> Regularizer | None:
    """The regularizer meant by None, a name in snake or camel case, a configuration, an object or its class.

    NotSupportedError for a function or a subclass of one's own, whose gradient is not known; ParameterError for what
    is none of these.
    """
    if identifier is None:
        return None
    if isinstance(identifier, type) and issubclass(identifier, Regularizer):
        identifier = identifier()
    if isinstance(identifier, Regularizer):
        _ = identifier.plan  # one of one's own is refused here
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if callable(identifier):
        raise NotSupportedError(
            f"convcore does not implement a function as regularizer (received {shown(identifier)}; supported: "
            f"{', '.join(_REGULARIZERS)})."
        )
    return find("regularizers", "regularizer", identifier, _REGULARIZERS)()


def serialize(regularizer: Regularizer | None) -> dict[str, Any] | None:
    """`regularizer` as plain data: ``{"class_name": ..., "config": ...}``; None stays None."""
    if regularizer is None:
        return None
    return {"class_name": type(regularizer).__name__, "config": regularizer.get_config()}


def deserialize(
    config: Mapping[str, Any], custom_objects: Mapping[str, type[Regularizer]] | None = None
) -> Regularizer:
    """The regularizer that `serialize` wrote; `custom_objects` maps the names of further classes to them."""
    if not isinstance(config, Mapping):
        raise ParameterError(f"Could not interpret regularizer identifier: {shown(config)}")
    kinds = {**_REGULARIZERS, **(custom_objects or {})}
    return find("regularizers", "regularizer", config.get("class_name"), kinds).from_config(config.get("config", {}))
