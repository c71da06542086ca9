"""What the callbacks that watch one figure share: which way is better, and by how much."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from convcore.callbacks.callback import Callback
from convcore.checks import real, shown
from convcore.errors import ParameterError

__all__ = ["MonitorCallback"]


class MonitorCallback(Callback):
    """The base of callbacks that compare ``logs[monitor]`` with the best so far.

    `mode` says which way is better: "min", "max", or "auto", which goes by the metric of that name; losses go down.
    """

    def __init__(self, monitor: str, mode: str, best: float | None = None, min_delta: float = 0.0) -> None:
        super().__init__()
        if not isinstance(monitor, str):
            raise ParameterError(f"`monitor` must be the name of a figure. Received: monitor={shown(monitor)}")
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__} mode '{mode}' is unknown, fallback to auto mode.", UserWarning, stacklevel=3
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = None if best is None else real("initial_value_threshold", best, float("-inf"))
        self.min_delta = abs(real("min_delta", min_delta, float("-inf")))

    @property
    def monitor_op(self) -> Any:
        """`numpy.greater` where more is better, `numpy.less` where less is."""
        return np.greater if self.ascending else np.less

    @property
    def ascending(self) -> bool:
        """Whether more is better."""
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        for metric in getattr(self.model, "metrics", ()):
            if metric.name == name and metric._direction is not None:
                return bool(metric._direction == "up")
        if name == "loss":
            return False
        raise ParameterError(
            f"{type(self).__name__} callback received monitor={self.monitor}, but convcore isn't able to automatically "
            "determine whether that metric should be maximized or minimized. Pass `mode='max'` in order to monitor "
            "based on the highest metric value, or pass `mode='min'` in order to use the lowest value."
        )

    def require_direction(self) -> None:
        """Refuse a `monitor` whose better way is not known: asked at the end of an epoch, when all metrics are."""
        _ = self.ascending

    def improved(self, value: float, reference: float | None) -> bool:
        """Whether `value` is better than `reference` by more than `min_delta`; anything is better than None."""
        if reference is None:
            return True
        return value - self.min_delta > reference if self.ascending else value + self.min_delta < reference
