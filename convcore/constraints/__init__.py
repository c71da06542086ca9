"""Constraints: what weights are brought back to after each step. Names, defaults and formulas are Keras's.

>>> get("non_neg")
NonNeg()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from convcore.checks import find, shown
from convcore.constraints.base import Constraint
from convcore.constraints.norms import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from convcore.errors import NotSupportedError, ParameterError

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

_CONSTRAINTS: dict[str, type[Constraint]] = {kind.__name__: kind for kind in (MaxNorm, MinMaxNorm, NonNeg, UnitNorm)}


def get(identifier: Any) -> Callable[..., Any] | None:
    """The constraint meant by None, a name in snake or camel case, a configuration, an object, its class, or any
    function from an array to an array. ParameterError for what is none of these."""
    if identifier is None:
        return None
    if isinstance(identifier, type) and issubclass(identifier, Constraint):
        made: Constraint = identifier()
        return made
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if callable(identifier):
        function: Callable[..., Any] = identifier
        return function
    return find("constraints", "constraint", identifier, _CONSTRAINTS)()


def serialize(constraint: Callable[..., Any] | None) -> dict[str, Any] | None:
    """`constraint` as plain data: ``{"class_name": ..., "config": ...}``; None stays None.

    NotSupportedError for a function or a class of one's own.
    """
    if constraint is None:
        return None
    if not isinstance(constraint, Constraint) or type(constraint) not in _CONSTRAINTS.values():
        raise NotSupportedError(
            f"convcore does not write a constraint of one's own (received {shown(constraint)}; supported: "
            f"{', '.join(_CONSTRAINTS)})."
        )
    return {"class_name": type(constraint).__name__, "config": constraint.get_config()}


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, type[Constraint]] | None = None) -> Constraint:
    """The constraint that `serialize` wrote; `custom_objects` maps the names of one's own classes to them."""
    if not isinstance(config, Mapping):
        raise ParameterError(f"Could not interpret constraint identifier: {shown(config)}")
    kinds = {**_CONSTRAINTS, **(custom_objects or {})}
    return find("constraints", "constraint", config.get("class_name"), kinds).from_config(config.get("config", {}))
