"""End a training whose loss is no longer a number."""

from __future__ import annotations

import math

from convcore.callbacks.callback import Callback, Logs
from convcore.checks import flag
from convcore.errors import NumericError

__all__ = ["TerminateOnNaN"]


class NaNLossError(NumericError, RuntimeError):
    """The loss is no longer a number; a RuntimeError as in Keras."""


class TerminateOnNaN(Callback):
    """Ends the training at a loss that is NaN or infinite; without this callback such a loss raises NumericError.

    With `raise_error` it raises too. Either way the weights are those before the batch.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = flag("raise_error", raise_error)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise NaNLossError(f"NaN or Inf loss encountered at batch {batch}.")
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
