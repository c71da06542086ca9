"""One thread at a time in one model."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from convcore.errors import BusyError

__all__ = ["exclusive"]

P = ParamSpec("P")
R = TypeVar("R")


def exclusive(method: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """Let `method` of an object run in one thread at a time; a second thread gets BusyError at once.

    The thread that is inside may enter again: a callback of fit may call predict.
    """

    @functools.wraps(method)
    def guarded(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        state = self.__dict__
        lock = state.get("_lock")
        if lock is None:
            lock = state.setdefault("_lock", threading.RLock())  # atomic: all threads get the same one
        if not lock.acquire(blocking=False):
            raise BusyError(
                f"{method.__name__} was called while another thread is using this model. "
                "Hint: give each thread a model of its own (models.clone_model), or hold a lock around the calls."
            )
        try:
            return method(self, *args, **kwargs)
        finally:
            lock.release()

    return guarded
