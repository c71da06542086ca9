"""TerminateOnNaN."""

from __future__ import annotations

import pytest

from convcore.callbacks import TerminateOnNaN
from convcore.errors import NumericError
from tests.callbacks.fakes import play

EPOCHS = [{"loss": 1.0}, {"loss": float("nan")}, {"loss": 1.0}]


def test_it_ends_the_training(capsys: pytest.CaptureFixture[str]) -> None:
    assert play(TerminateOnNaN(), EPOCHS, batches=1).epochs == 2
    assert capsys.readouterr().out == "Batch 0: Invalid loss, terminating training\n"


def test_it_may_raise() -> None:
    with pytest.raises(NumericError, match="batch 0"):
        play(TerminateOnNaN(raise_error=True), EPOCHS, batches=1)
