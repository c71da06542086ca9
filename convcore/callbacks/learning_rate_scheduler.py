"""Set the learning rate at the beginning of each epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from convcore.callbacks.callback import Callback, Logs
from convcore.checks import shown
from convcore.errors import ParameterError

__all__ = ["LearningRateScheduler"]


class LearningRateScheduler(Callback):
    """Sets the learning rate to ``schedule(epoch, learning_rate)``, or ``schedule(epoch)``, before each epoch.

    `epoch` counts from 0; the schedule must return a float. The rate stands in the logs as "learning_rate".
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise ParameterError(f"`schedule` must be a function of the epoch. Received: schedule={shown(schedule)}")
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        rate: Any = self.schedule(epoch, optimizer.learning_rate) if self._takes_rate else self.schedule(epoch)
        if not isinstance(rate, float | np.floating):
            raise ParameterError(f"The output of the `schedule` function should be a float. Got: {shown(rate)}")
        optimizer.learning_rate = float(rate)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _takes_two(function: Callable[..., float]) -> bool:
    """Whether `function` can be called with an epoch and a learning rate."""
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # a built-in that does not tell its signature
        return True
    return True
