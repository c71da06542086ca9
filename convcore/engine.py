"""Loads the native module: the one place where that happens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["native"]

# How often a thread of GCC's OpenMP looks for work before it sleeps. Its own choice (milliseconds of looking) makes a
# program ten times slower as soon as another process wants a core, for the thread that is waited for does not get it.
# A thread that has slept through the Python between two predictions of one image makes them a third slower.
SPINS = "10000"


@contextmanager
def _short_waits() -> Iterator[None]:
    """OpenMP reads its settings when it is loaded; the environment is afterwards what it was."""
    if "GOMP_SPINCOUNT" in os.environ or "OMP_WAIT_POLICY" in os.environ:
        yield
        return
    os.environ["GOMP_SPINCOUNT"] = SPINS
    try:
        yield
    finally:
        del os.environ["GOMP_SPINCOUNT"]


with _short_waits():
    from convcore import _native as native
