"""LambdaCallback."""

from __future__ import annotations

from typing import Any

import pytest

from convcore.callbacks import LambdaCallback
from convcore.errors import ParameterError
from tests.callbacks.fakes import play


def test_each_hook_is_called_as_keras_calls_it() -> None:
    seen: list[Any] = []
    callback = LambdaCallback(
        on_train_begin=lambda logs: seen.append("begin"),
        on_epoch_begin=lambda epoch, logs: seen.append(("epoch", epoch)),
        on_train_batch_begin=lambda batch, logs: seen.append(("batch", batch)),
        on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]),
        on_epoch_end=lambda epoch, logs: seen.append(logs),
        on_train_end=lambda logs: seen.append("end"),
    )
    play(callback, [{"loss": 1.0}], batches=1)
    assert seen == ["begin", ("epoch", 0), ("batch", 0), 1.0, {"loss": 1.0}, "end"]


def test_what_is_no_hook_is_refused() -> None:
    with pytest.raises(ParameterError, match="no hook `on_epoch`"):
        LambdaCallback(on_epoch=print)
    with pytest.raises(ParameterError, match="`on_epoch_end` must be a function"):
        LambdaCallback(on_epoch_end=3)  # type: ignore[arg-type]
