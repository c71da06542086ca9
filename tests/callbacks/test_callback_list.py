"""CallbackList: whom it calls, and what it costs when nobody listens."""

from __future__ import annotations

from typing import Any

import pytest

from convcore.callbacks import Callback, CallbackList, EarlyStopping, History, LambdaCallback
from convcore.errors import NotSupportedError, ParameterError
from tests.callbacks.fakes import Script

HOOKS = [name for name in vars(Callback) if name.startswith("on_")]


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_reaches_every_callback(hook: str) -> None:
    seen: list[tuple[str, Any]] = []

    def listen(name: str) -> LambdaCallback:
        return LambdaCallback(**{hook: lambda *args, logs=None: seen.append((name, args))})

    callbacks = CallbackList([listen("a"), [listen("b")]])
    arguments = (3,) if "batch" in hook or "epoch" in hook else ()
    getattr(callbacks, hook)(*arguments, {"loss": 1.0})
    assert [name for name, _ in seen] == ["a", "b"]
    assert all(args[: len(arguments)] == arguments for _, args in seen)


def test_hooks_of_batches_are_wanted_only_by_who_overrides_them() -> None:
    class Old(Callback):
        def on_batch_end(self, batch: int, logs: Any = None) -> None: ...

    assert not CallbackList([Callback(), EarlyStopping()], add_history=True).wants("on_train_batch_end")
    assert CallbackList([Old()]).wants("on_train_batch_end")
    assert not CallbackList([Old()]).wants("on_train_batch_begin")
    assert CallbackList([LambdaCallback(on_test_batch_end=print)]).wants("on_test_batch_end")


def test_a_history_is_added_once_and_last() -> None:
    own = History()
    assert CallbackList([own], add_history=True).history is own
    callbacks = CallbackList([Callback()], add_history=True, model=(script := Script()))
    assert isinstance(callbacks.callbacks[-1], History)
    assert script.history is callbacks.history


@pytest.mark.parametrize("callbacks", [[EarlyStopping], EarlyStopping, [print], "history", 3])
def test_what_is_no_callback_is_refused(callbacks: Any) -> None:
    with pytest.raises(ParameterError, match="`callbacks` must hold Callback objects"):
        CallbackList(callbacks)


def test_a_progress_bar_is_not_a_callback_here() -> None:
    with pytest.raises(NotSupportedError, match="add_progbar"):
        CallbackList(add_progbar=True)
