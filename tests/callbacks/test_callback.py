"""The base of the callbacks."""

from __future__ import annotations

from typing import Any

import pytest

from convcore import callbacks
from convcore.callbacks import Callback
from convcore.errors import NotSupportedError


def test_old_names_of_hooks_are_called() -> None:
    class Old(Callback):
        def __init__(self) -> None:  # without a call of the base's, as in many scripts
            self.seen: list[Any] = []

        def on_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.seen.append(batch)

        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            self.seen.append(logs)

    old = Old()
    assert old.model is None
    old.on_train_batch_begin(3)
    old.on_train_batch_end(3, {"loss": 1.0})
    assert old.seen == [3, {"loss": 1.0}]


def test_missing_callbacks_are_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match=r"keras\.callbacks\.TensorBoard"):
        callbacks.TensorBoard  # noqa: B018
