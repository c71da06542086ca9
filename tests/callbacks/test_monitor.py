"""Which way is better."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from convcore.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from convcore.callbacks.monitor import MonitorCallback
from convcore.errors import ParameterError
from convcore.metrics import Mean, MeanSquaredError
from tests.callbacks.fakes import Script, play


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


@pytest.mark.parametrize("monitor", ["nope", "val_nope"])
@pytest.mark.parametrize("kind", [EarlyStopping, ReduceLROnPlateau, lambda **kw: ModelCheckpoint("m.keras", **kw)])
def test_a_name_without_a_direction_ends_the_first_epoch(kind: Any, monitor: str) -> None:
    epochs = [{"loss": 1.0, "accuracy": 0.5}]
    with pytest.raises(ParameterError, match=f"monitor={monitor}, but convcore isn't able to automatically determine"):
        play(kind(monitor=monitor), epochs)
    with warnings.catch_warnings(action="ignore"):
        play(kind(monitor=monitor, mode="min"), epochs)


def test_improvement() -> None:
    assert watch("loss").improved(1.0, None)
    assert watch("loss").improved(0.9, 1.0)
    assert not watch("loss", min_delta=0.2).improved(0.9, 1.0)
    assert watch("accuracy", min_delta=0.2).improved(0.5, 0.25)
    assert not watch("accuracy").improved(0.5, 0.5)
    assert not watch("loss").improved(float("nan"), 1.0)


def test_what_compares_is_numpys() -> None:
    assert (MonitorCallback("loss", "min").monitor_op, MonitorCallback("a", "max").monitor_op) == (np.less, np.greater)
