"""The list of items: `refused` for calls that must raise, `answered` for calls that have a right answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Call = Callable[[], object]


@dataclass(frozen=True)
class Item:
    """Calls that share one expectation. Without `errors` each call checks its own answer."""

    name: str
    calls: tuple[Call, ...]
    errors: tuple[type[BaseException], ...] = ()
    mentions: tuple[str, ...] = ()


ITEMS: dict[str, Item] = {}


def _add(item: Item) -> None:
    if item.name in ITEMS:
        raise ValueError(f"two items are named {item.name!r}")
    ITEMS[item.name] = item


def refused(
    name: str, errors: type[BaseException] | tuple[type[BaseException], ...], mentions: str, *calls: Call
) -> None:
    """Every call raises one of `errors`, and its message contains each word of `mentions`."""
    _add(Item(name, calls, errors if isinstance(errors, tuple) else (errors,), tuple(mentions.split())))


def answered(name: str) -> Callable[[Call], Call]:
    """The decorated function makes the call and asserts its result."""

    def register(call: Call) -> Call:
        _add(Item(name, (call,)))
        return call

    return register
