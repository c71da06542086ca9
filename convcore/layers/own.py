"""Classes of one's own that configurations can name without `custom_objects`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["custom_object_scope", "get_custom_objects", "get_registered_name", "register_keras_serializable"]

_OBJECTS: dict[str, Any] = {}
#: The names that registered things have in `_OBJECTS`, also where a scope has ended.
_NAMES: dict[Any, str] = {}

T = TypeVar("T")


def get_custom_objects() -> dict[str, Any]:
    """The classes of one's own by the names that configurations have for them; what joins it is found there."""
    return _OBJECTS


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Let configurations name the decorated class, as ``package>name``: layers of it can be loaded without
    `custom_objects`.

    >>> from convcore import layers
    >>> @register_keras_serializable(package="mine")
    ... class Twice(layers.Layer):
    ...     def call(self, x):
    ...         return 2 * x
    >>> layers.deserialize(layers.serialize(Twice()))([[3.0]])
    array([[6.]], dtype=float32)
    """

    def register(thing: T) -> T:
        registered = f"{package}>{getattr(thing, '__name__', thing) if name is None else name}"
        _OBJECTS[registered] = thing
        _NAMES[thing] = registered
        return thing

    return register


def get_registered_name(obj: Any) -> str:
    """The name by which configurations call a class: ``package>name`` if it is registered."""
    return _NAMES.get(obj) or str(getattr(obj, "__name__", obj))


@contextmanager
def custom_object_scope(*args: Mapping[str, Any]) -> Iterator[None]:
    """Within it, configurations can name the classes of the given dicts.

    >>> with custom_object_scope({"Name": object}):
    ...     "Name" in get_custom_objects()
    True
    """
    before = dict(_OBJECTS)
    for objects in args:
        _OBJECTS.update(objects)
    try:
        yield
    finally:
        _OBJECTS.clear()
        _OBJECTS.update(before)
