"""Which way is better."""

from __future__ import annotations

import pytest

from convcore.callbacks.monitor import MonitorCallback
from convcore.errors import ParameterError
from convcore.metrics import Mean, MeanSquaredError
from tests.callbacks.fakes import Script


def watch(monitor: str, mode: str = "auto", **arguments: float) -> MonitorCallback:
    callback = MonitorCallback(monitor, mode, **arguments)
    script = Script()
    script.metrics += [MeanSquaredError(name="mse"), Mean(name="mean")]
    callback.set_model(script)
    return callback


def test_auto_goes_by_the_metric() -> None:
    assert watch("val_accuracy").ascending
    assert not watch("val_loss").ascending
    assert not watch("mse").ascending
    assert watch("loss", "max").ascending
    for unknown in ("mean", "speed"):
        with pytest.raises(ParameterError, match="Pass `mode='max'`"):
            _ = watch(unknown).ascending


def test_improvement() -> None:
    assert watch("loss").improved(1.0, None)
    assert watch("loss").improved(0.9, 1.0)
    assert not watch("loss", min_delta=0.2).improved(0.9, 1.0)
    assert watch("accuracy", min_delta=0.2).improved(0.5, 0.25)
    assert not watch("accuracy").improved(0.5, 0.5)
    assert not watch("loss").improved(float("nan"), 1.0)
