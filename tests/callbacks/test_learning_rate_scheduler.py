"""LearningRateScheduler."""

from __future__ import annotations

from typing import Any

import pytest

from convcore.callbacks import History, LearningRateScheduler
from convcore.callbacks.callback_list import CallbackList
from convcore.errors import ParameterError
from tests.callbacks.fakes import Script, play

EPOCHS = [{"loss": 1.0}] * 3


def test_it_sets_the_rate_before_each_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    script = play(LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else rate, verbose=1), EPOCHS)
    assert script.optimizer.learning_rate == 0.25
    assert capsys.readouterr().out.splitlines()[1] == "Epoch 1: LearningRateScheduler setting learning rate to 1.0."


def test_a_schedule_may_take_the_epoch_only() -> None:
    assert play(LearningRateScheduler(lambda epoch: 0.1 * (epoch + 1)), EPOCHS).optimizer.learning_rate == 0.1 * 3


def test_the_rate_is_in_the_logs() -> None:
    history = History()
    script = Script()
    callbacks = CallbackList([LearningRateScheduler(lambda epoch: 0.5), history], model=script)
    callbacks.on_epoch_begin(0)
    callbacks.on_epoch_end(0, {"loss": 1.0})
    assert history.history == {"loss": [1.0], "learning_rate": [0.5]}


def test_an_error_inside_the_schedule_is_not_swallowed() -> None:
    def schedule(epoch: int, rate: float) -> float:
        raise TypeError("inside")

    with pytest.raises(TypeError, match="inside"):
        play(LearningRateScheduler(schedule), EPOCHS)


@pytest.mark.parametrize("rate", [1, "0.1", None, float("nan"), -0.5])
def test_what_is_no_rate_is_refused(rate: Any) -> None:
    with pytest.raises(ParameterError):
        play(LearningRateScheduler(lambda epoch: rate), EPOCHS)


def test_the_schedule_must_be_a_function() -> None:
    with pytest.raises(ParameterError, match=r"schedule=0\.1"):
        LearningRateScheduler(0.1)  # type: ignore[arg-type]
