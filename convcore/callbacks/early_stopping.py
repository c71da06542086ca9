"""Stop a training that no longer improves."""

from __future__ import annotations

import warnings
from typing import Any

from convcore.callbacks.callback import Logs
from convcore.callbacks.monitor import MonitorCallback
from convcore.checks import flag, real
from convcore.shapes import integer

__all__ = ["EarlyStopping"]


class EarlyStopping(MonitorCallback):
    """Ends the training when `monitor` has not improved by more than `min_delta` for `patience` epochs.

    `baseline` is a value that must be beaten for the patience to start anew; `restore_best_weights` puts the weights
    of the best epoch back at the end; the first `start_from_epoch` epochs are not watched.

    >>> EarlyStopping(monitor="val_accuracy", patience=2).patience
    2
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = integer("patience", patience, 0)
        self.verbose = verbose
        self.baseline = None if baseline is None else real("baseline", baseline, float("-inf"))
        self.restore_best_weights = flag("restore_best_weights", restore_best_weights)
        self.start_from_epoch = integer("start_from_epoch", start_from_epoch, 0)
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best = None
        self.best_epoch = 0
        self.best_weights: Any = None
        self.stopped_epoch = 0
        self.wait = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.require_direction()
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights = self.model.get_weights()
            self.best_epoch = epoch
        self.wait += 1
        if self.improved(current, self.best):
            self.best = current
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.improved(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: Logs | None) -> float | None:
        """The watched figure; None, with a warning, if the logs lack it."""
        logs = logs or {}
        value: float | None = logs.get(self.monitor)
        if value is None:
            warnings.warn(
                f"Early stopping conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}",
                UserWarning,
                stacklevel=2,
            )
        return value
