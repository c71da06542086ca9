"""The record that fit returns."""

from __future__ import annotations

from typing import Any

from convcore.callbacks.callback import Callback, Logs

__all__ = ["History"]


class History(Callback):
    """Records the logs of each epoch: `history` maps each figure to a list, `epoch` lists the epochs.

    `fit` adds one, stores it as ``model.history`` and returns it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self
