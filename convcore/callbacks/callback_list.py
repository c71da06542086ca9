"""Several callbacks called as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from convcore.callbacks.callback import Callback, Logs
from convcore.callbacks.history import History
from convcore.checks import shown
from convcore.errors import NotSupportedError, ParameterError

__all__ = ["CallbackList"]

_BATCH_HOOKS = {
    "on_train_batch_begin": ("on_train_batch_begin", "on_batch_begin"),
    "on_train_batch_end": ("on_train_batch_end", "on_batch_end"),
    "on_test_batch_begin": ("on_test_batch_begin",),
    "on_test_batch_end": ("on_test_batch_end",),
    "on_predict_batch_begin": ("on_predict_batch_begin",),
    "on_predict_batch_end": ("on_predict_batch_end",),
}


def _flat(callbacks: Any) -> Iterator[Callback]:
    if callbacks is None:
        return
    if isinstance(callbacks, list | tuple):
        for callback in callbacks:
            yield from _flat(callback)
    elif isinstance(callbacks, CallbackList):
        yield from callbacks.callbacks
    elif isinstance(callbacks, Callback):
        yield callbacks
    else:
        hint = f" Hint: call it, as in {callbacks.__name__}(...)." if isinstance(callbacks, type) else ""
        raise ParameterError(f"`callbacks` must hold Callback objects. Received: {shown(callbacks)}.{hint}")


def _overrides(callback: Callback, names: tuple[str, ...]) -> bool:
    """Whether `callback` has a hook of its own among `names`, in its class or as an attribute."""
    return any(
        name in callback.__dict__ or getattr(type(callback), name) is not getattr(Callback, name) for name in names
    )


class CallbackList(Callback):
    """Calls each hook of each of `callbacks` in turn; with `add_history` a `History` follows them.

    A hook of a batch that no callback overrides costs nothing: see `wants`.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        if add_progbar:
            raise NotSupportedError("convcore does not implement `add_progbar` of CallbackList (supported: False).")
        self.callbacks: list[Callback] = list(_flat(callbacks))
        self.history = next((item for item in self.callbacks if isinstance(item, History)), None)
        if add_history and self.history is None:
            self.history = History()
            self.callbacks.append(self.history)
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    def wants(self, hook: str) -> bool:
        """Whether any callback overrides a hook of the batches, such as "on_train_batch_end"."""
        return any(_overrides(callback, _BATCH_HOOKS[hook]) for callback in self.callbacks)

    def _each(self, hook: str, *args: Any, logs: Logs | None) -> None:
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            method: Callable[..., None] = getattr(callback, hook)
            method(*args, logs=logs) if "batch" in hook else method(*args, logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._each("on_batch_begin", batch, logs=logs)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._each("on_batch_end", batch, logs=logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._each("on_epoch_begin", epoch, logs=logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._each("on_epoch_end", epoch, logs=logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._each("on_train_batch_begin", batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._each("on_train_batch_end", batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._each("on_test_batch_begin", batch, logs=logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._each("on_test_batch_end", batch, logs=logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._each("on_predict_batch_begin", batch, logs=logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._each("on_predict_batch_end", batch, logs=logs)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._each("on_train_begin", logs=logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._each("on_train_end", logs=logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._each("on_test_begin", logs=logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._each("on_test_end", logs=logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._each("on_predict_begin", logs=logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._each("on_predict_end", logs=logs)
