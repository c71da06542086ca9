"""A model that only says what a script tells it: callbacks are judged by what they do with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from convcore.callbacks import Callback, CallbackList
from convcore.metrics import Metric, SparseCategoricalAccuracy
from convcore.optimizers import SGD


class Script:
    """Stands in for a model in training: the weights are the number of epochs done."""

    def __init__(self) -> None:
        self.stop_training = False
        self.optimizer = SGD(1.0)
        self.metrics: list[Metric] = [SparseCategoricalAccuracy(name="accuracy")]
        self.metrics_names = ["loss", "accuracy"]
        self.history: Any = None
        self.epochs = 0
        self.saved: list[str] = []

    def get_weights(self) -> int:
        return self.epochs

    def set_weights(self, weights: int) -> None:
        self.epochs = weights

    def save(self, path: str, overwrite: bool) -> None:
        assert overwrite
        self.saved.append(path)

    def save_weights(self, path: str, overwrite: bool) -> None:
        assert overwrite
        self.saved.append("weights:" + path)


def play(callback: Callback, epochs: Iterable[dict[str, Any]], batches: int = 0, **params: Any) -> Script:
    """Run `callback` over epochs that end with the given logs, each after some batches, as fit does."""
    script = Script()
    callbacks = CallbackList([callback], model=script, epochs=99, **params)
    callbacks.on_train_begin()
    logs: dict[str, Any] = {}
    for epoch, given in enumerate(epochs):
        logs = dict(given)
        callbacks.on_epoch_begin(epoch)
        for batch in range(batches):
            callbacks.on_train_batch_begin(batch)
            callbacks.on_train_batch_end(batch, {"loss": logs["loss"]})
        script.epochs += 1
        callbacks.on_epoch_end(epoch, logs)
        if script.stop_training:
            break
    callbacks.on_train_end(logs)
    return script
