"""The process-wide stream of seeds.

Every part that needs randomness and was given no seed of its own (initializers, dropout, shuffling) draws one
here. Without `set_seed` the stream starts from the operating system's entropy.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from convcore.keras_names import missing

__all__ = ["generator", "next_seed", "set_aside", "set_seed"]

_lock = threading.Lock()
_stream: np.random.PCG64 | None = None
_own = threading.local()


def set_seed(seed: int) -> None:
    """Start the stream anew from `seed`, an integer >= 0."""
    global _stream
    with _lock:
        _stream = np.random.PCG64(seed)


def next_seed() -> int:
    """The next seed of the stream, an integer in ``[0, 2**63)``."""
    global _stream
    aside: np.random.PCG64 | None = getattr(_own, "stream", None)
    if aside is not None:
        return int(aside.random_raw()) >> 1
    with _lock:
        if _stream is None:
            _stream = np.random.PCG64()
        # Raw output of the bit generator: NumPy promises that it never changes between versions.
        return int(_stream.random_raw()) >> 1


@contextmanager
def set_aside() -> Iterator[None]:
    """Inside, this thread draws from a stream of its own: the process-wide one stays where it is."""
    before = getattr(_own, "stream", None)
    _own.stream = np.random.PCG64(0)
    try:
        yield
    finally:
        _own.stream = before


def generator(seed: int | None = None) -> np.random.Generator:
    """A generator of its own, from `seed` or, if that is None, from the stream's next seed."""
    return np.random.Generator(np.random.PCG64(next_seed() if seed is None else seed))


def __getattr__(name: str) -> Any:
    raise missing("random", name) or AttributeError(f"module {__name__!r} has no attribute {name!r}")
