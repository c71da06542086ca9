"""The automatic names of layers and models, as Keras gives them.

A name is the snake-case name of the class; from the second object on, a counter follows it. The counters
belong to the process and start anew with `reset_uids`.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict

__all__ = ["auto_name", "get_uid", "reset_uids", "to_snake_case", "uniquify"]

_counters: defaultdict[str, int] = defaultdict(int)
_lock = threading.Lock()


def to_snake_case(name: str) -> str:
    """The snake-case form of a class name.

    >>> to_snake_case("MaxPooling2D"), to_snake_case("Conv2D"), to_snake_case("ReLU")
    ('max_pooling2d', 'conv2d', 're_lu')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def uniquify(name: str) -> str:
    """`name` itself the first time it is asked for, then ``name_1``, ``name_2``, ..."""
    with _lock:
        count = _counters[name]
        _counters[name] += 1
    return f"{name}_{count}" if count else name


def auto_name(class_name: str) -> str:
    """The next free name for an object of the class called `class_name`."""
    return uniquify(to_snake_case(class_name))


def get_uid(prefix: str = "") -> int:
    """The next number of the counter of `prefix`, from 1."""
    with _lock:
        _counters[prefix] += 1
        return _counters[prefix]


def reset_uids() -> None:
    """Start every counter anew: the next convolution is ``conv2d`` again."""
    with _lock:
        _counters.clear()
