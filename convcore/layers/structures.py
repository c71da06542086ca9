"""Arguments and results that are one thing, or a list, tuple or dict of things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["flat", "one_or_all", "packed"]


def flat(structure: Any) -> list[Any]:
    """The things in a structure, in order; those of a dict by its sorted keys, as in Keras.

    >>> flat({"b": 1, "a": [2, 3]})
    [2, 3, 1]
    """
    if isinstance(structure, dict):
        return [thing for key in sorted(structure) for thing in flat(structure[key])]
    if isinstance(structure, list | tuple):
        return [thing for part in structure for thing in flat(part)]
    return [structure]


def one_or_all(things: Sequence[Any]) -> Any:
    """The only thing, or a list of them.

    >>> one_or_all([1]), one_or_all((1, 2))
    (1, [1, 2])
    """
    return things[0] if len(things) == 1 else list(things)


def packed(structure: Any, things: Sequence[Any]) -> Any:
    """`things`, as many as `structure` holds and in the order of `flat`, in a structure like it.

    >>> packed({"b": 1, "a": [2, 3]}, "xyz")
    {'b': 'z', 'a': ['x', 'y']}
    """
    return _take(structure, iter(things))


def _take(structure: Any, things: Iterator[Any]) -> Any:
    if isinstance(structure, dict):
        taken = {key: _take(structure[key], things) for key in sorted(structure)}
        return {key: taken[key] for key in structure}
    if isinstance(structure, list | tuple):
        return type(structure)([_take(part, things) for part in structure])
    return next(things)
