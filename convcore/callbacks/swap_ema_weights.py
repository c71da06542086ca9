"""Evaluate with the averages of the weights that an optimizer keeps."""

from __future__ import annotations

from convcore.callbacks.callback import Callback, Logs
from convcore.checks import flag
from convcore.errors import ParameterError

__all__ = ["SwapEMAWeights"]


class SwapEMAWeights(Callback):
    """Puts the averages of the weights, which an optimizer with ``use_ema=True`` keeps, in the place of the weights
    while evaluate, predict or fit's validation runs; with `swap_on_epoch` also from the end of an epoch to the next
    one, for callbacks that save the model then.

    >>> SwapEMAWeights(swap_on_epoch=True).swap_on_epoch
    True
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = flag("swap_on_epoch", swap_on_epoch)
        self._ema_weights_in_model = False

    def _put(self, averages: bool) -> None:
        """Have the averages in the model, or the weights: they change places."""
        if self._ema_weights_in_model == averages:
            return
        optimizer = self.model.optimizer
        if optimizer is None or not optimizer.use_ema:
            raise ParameterError(
                "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer. "
                f"Received: use_ema={getattr(optimizer, 'use_ema', None)}"
            )
        if not optimizer.built:
            return
        average = optimizer.slots[optimizer.slot_names.index("average")]
        parameters = self.model._parameters()
        for first, last in parameters.trainable_ranges():
            weights = parameters.values[first:last].copy()
            parameters.values[first:last] = average[first:last]
            average[first:last] = weights
        self._ema_weights_in_model = averages

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._put(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if not self.swap_on_epoch:
            return
        self._put(True)
        last = (self.params or {}).get("epochs", 0) - 1
        if self._ema_weights_in_model and (epoch == last or self.model.stop_training):
            # fit ends with the averages as weights: those that are in the model now.
            optimizer = self.model.optimizer
            optimizer.slots[optimizer.slot_names.index("average")][...] = self.model._parameters().values

    def on_train_end(self, logs: Logs | None = None) -> None:
        # fit has made the averages the weights by now.
        self._ema_weights_in_model = False

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._put(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._put(False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._put(True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._put(False)
