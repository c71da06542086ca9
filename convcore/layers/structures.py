"""Arguments and results that are one thing, or a list, tuple or dict of things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["flat", "packed"]


def flat(structure: Any) -> list[Any]:
    """The things in a structure, in order.

    >>> flat({"a": 1, "b": [2, 3]})
    [1, 2, 3]
    """
    if isinstance(structure, dict):
        return [thing for part in structure.values() for thing in flat(part)]
    if isinstance(structure, list | tuple):
        return [thing for part in structure for thing in flat(part)]
    return [structure]


def packed(structure: Any, things: Sequence[Any]) -> Any:
    """`things`, as many as `structure` holds, in a structure like it.

    >>> packed({"a": 1, "b": [2, 3]}, "xyz")
    {'a': 'x', 'b': ['y', 'z']}
    """
    return _take(structure, iter(things))


def _take(structure: Any, things: Iterator[Any]) -> Any:
    if isinstance(structure, dict):
        return {key: _take(part, things) for key, part in structure.items()}
    if isinstance(structure, list | tuple):
        return type(structure)([_take(part, things) for part in structure])
    return next(things)
