"""Lower the learning rate when a training no longer improves."""

from __future__ import annotations

import warnings

from convcore.callbacks.callback import Logs
from convcore.callbacks.monitor import MonitorCallback
from convcore.checks import real, shown
from convcore.errors import ParameterError
from convcore.shapes import integer

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor` when `monitor` has not improved for `patience` epochs.

    The rate never falls below `min_lr`; for `cooldown` epochs after a reduction nothing is counted. The rate stands in
    the logs as "learning_rate".

    >>> ReduceLROnPlateau(factor=1.0)
    Traceback (most recent call last):
        ...
    convcore.errors.ParameterError: ReduceLROnPlateau does not support a factor >= 1.0. Received factor=1.0
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.factor = real("factor", factor)
        if self.factor >= 1.0:
            raise ParameterError(f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={shown(factor)}")
        self.patience = integer("patience", patience, 0)
        self.verbose = verbose
        self.cooldown = integer("cooldown", cooldown, 0)
        self.min_lr = real("min_lr", min_lr)
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether a reduction was so recent that epochs are not counted."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.require_direction()
        logs = {} if logs is None else logs
        rate = float(self.model.optimizer.learning_rate)
        logs["learning_rate"] = rate
        current: float | None = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Learning rate reduction is conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}.",
                UserWarning,
                stacklevel=2,
            )
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improved(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                rate = max(rate * self.factor, self.min_lr)
                self.model.optimizer.learning_rate = rate
                if self.verbose > 0:
                    print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {rate}.")
                self.cooldown_counter = self.cooldown
                self.wait = 0
