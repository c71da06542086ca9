"""A callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convcore.callbacks.callback import Callback
from convcore.checks import shown
from convcore.errors import ParameterError

__all__ = ["LambdaCallback"]


class LambdaCallback(Callback):
    """A callback whose hooks are the functions given, by the names of the hooks.

    >>> log = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch))
    >>> log.on_epoch_end(3, {})
    3
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        } | kwargs
        for name, function in hooks.items():
            if not name.startswith("on_") or not hasattr(Callback, name):
                raise ParameterError(f"LambdaCallback has no hook `{name}`. Received: {name}={shown(function)}")
            if function is None:
                continue
            if not callable(function):
                raise ParameterError(f"`{name}` must be a function. Received: {name}={shown(function)}")
            setattr(self, name, function)
