"""The base of the callbacks: hooks that fit, evaluate and predict call."""

from __future__ import annotations

from typing import Any

__all__ = ["Callback", "Logs"]

Logs = dict[str, Any]


class Callback:
    """A set of hooks. A subclass overrides those it wants; `self.model` is the model, `self.params` the run.

    `epoch` and `batch` count from 0. `logs` holds the figures so far ("loss", each metric, and at the end of an epoch
    "val_loss" and the like); what a callback writes into the logs of an epoch's end also reaches the history.
    Setting ``self.model.stop_training = True`` ends the training at the end of the batch or of the epoch.

    >>> class Shout(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(f"EPOCH {epoch}!")
    """

    params: dict[str, Any] | None = None

    def __init__(self) -> None:
        self._model: Any = None

    @property
    def model(self) -> Any:
        """The model that is trained or evaluated; None before."""
        return self.__dict__.get("_model")

    def set_params(self, params: dict[str, Any]) -> None:
        """Called before a run with "epochs", "steps" and "verbose"."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Called before a run with the model."""
        self._model = model

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """An older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """An older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called before an epoch of fit."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called after an epoch of fit and its validation."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of fit."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of fit."""
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of evaluate, and of fit's validation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of evaluate, and of fit's validation."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of predict."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of predict; logs["outputs"] holds its predictions."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called when fit begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called when fit ends, with the logs of the last epoch."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called when evaluate, or fit's validation, begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called when evaluate, or fit's validation, ends."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called when predict begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called when predict ends."""
