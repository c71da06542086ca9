"""Initializers by name, and to configurations and back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.errors import NotSupportedError, ParameterError, ShapeError
from convcore.initializers.base import Initializer
from convcore.initializers.constant import Constant, Ones, Zeros
from convcore.initializers.distributions import RandomNormal, RandomUniform, TruncatedNormal
from convcore.initializers.matrices import Identity, Orthogonal
from convcore.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)
from convcore.keras_names import missing
from convcore.naming import to_snake_case

__all__ = ["SNAKE_CASE", "deserialize", "get", "serialize"]

_CLASSES: dict[str, type[Initializer]] = {
    cls.__name__: cls
    for cls in (
        Zeros,
        Ones,
        Constant,
        RandomNormal,
        RandomUniform,
        TruncatedNormal,
        VarianceScaling,
        GlorotNormal,
        GlorotUniform,
        HeNormal,
        HeUniform,
        LecunNormal,
        LecunUniform,
        Orthogonal,
        Identity,
    )
}
SNAKE_CASE = {to_snake_case(name): cls for name, cls in _CLASSES.items()}
_BY_NAME = {
    **{name.lower(): cls for name, cls in _CLASSES.items()},
    **SNAKE_CASE,
    "zero": Zeros,
    "one": Ones,
    "identityinitializer": Identity,
    "orthogonalinitializer": Orthogonal,
    "normal": RandomNormal,
    "uniform": RandomUniform,
}


def get(identifier: Any) -> Callable[..., Any]:
    """The initializer meant by `identifier`.

    A name in snake or camel case, a configuration from `serialize`, an initializer, its class, any function
    of (shape, dtype), or an array of the shape itself.

    >>> get("he_normal")
    HeNormal(seed=None)
    """
    if isinstance(identifier, Initializer):
        return identifier
    if isinstance(identifier, np.ndarray):
        return _Direct(identifier)
    if isinstance(identifier, str):
        cls = _BY_NAME.get(identifier.lower())
        if cls is not None:
            made: Callable[..., Any] = cls()
            return made
        unsupported = missing("initializers", identifier)
        if unsupported is not None:
            raise unsupported
    elif isinstance(identifier, dict):
        return deserialize(identifier)
    elif inspect.isclass(identifier) and issubclass(identifier, Initializer):
        instance: Callable[..., Any] = identifier()
        return instance
    elif callable(identifier):
        found: Callable[..., Any] = identifier
        return found
    raise ParameterError(
        f"Could not interpret initializer identifier: {identifier}. Supported: {', '.join(sorted(SNAKE_CASE))}."
    )


class _Direct(Constant):
    """The array that it was given, for its shape only."""

    def _values(self, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        if shape != np.shape(self.value):
            raise ShapeError(
                f"Expected `shape` to be {np.shape(self.value)} for direct tensor as initializer. "
                f"Received shape={shape}"
            )
        return super()._values(shape)


def serialize(initializer: Callable[..., Any]) -> dict[str, Any]:
    """The class name and configuration of an initializer of this module."""
    if type(initializer) in {*_CLASSES.values(), _Direct} and isinstance(initializer, Initializer):
        return {
            "class_name": type(initializer).__name__.replace("_Direct", "Constant"),
            "config": initializer.get_config(),
        }
    raise NotSupportedError(
        f"convcore cannot write the initializer {initializer!r} into a configuration (supported: "
        f"{', '.join(sorted(_CLASSES))})."
    )


def deserialize(config: Any, custom_objects: Mapping[str, type[Initializer]] | None = None) -> Initializer:
    """The initializer that `serialize` described; `custom_objects` maps the names of one's own classes to them."""
    if not isinstance(config, dict) or not isinstance(config.get("config", {}), dict):
        raise ParameterError(f"Could not interpret initializer identifier: {config!r}.")
    name = config.get("class_name")
    kinds: dict[str, type[Initializer]] = {**_CLASSES, **(custom_objects or {})}
    cls = kinds.get(name) if isinstance(name, str) else None
    if cls is None:
        raise ParameterError(f"Unknown initializer {name!r}. Supported: {', '.join(sorted(_CLASSES))}.")
    arguments = config.get("config", {})
    try:
        return cls.from_config(arguments)
    except TypeError as error:
        raise ParameterError(f"Wrong arguments for the initializer {name}: {arguments!r} ({error}).") from None
