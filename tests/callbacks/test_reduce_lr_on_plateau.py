"""ReduceLROnPlateau."""

from __future__ import annotations

import pytest

from convcore.callbacks import ReduceLROnPlateau
from convcore.errors import ParameterError
from tests.callbacks.fakes import play


def losses(*values: float) -> list[dict[str, float]]:
    return [{"val_loss": value} for value in values]


def test_it_reduces_after_the_patience(capsys: pytest.CaptureFixture[str]) -> None:
    script = play(ReduceLROnPlateau(factor=0.5, patience=2, verbose=1), losses(1.0, 1.0, 1.0, 1.0, 1.0))
    assert script.optimizer.learning_rate == 0.25
    assert capsys.readouterr().out == (
        "\nEpoch 3: ReduceLROnPlateau reducing learning rate to 0.5.\n"
        "\nEpoch 5: ReduceLROnPlateau reducing learning rate to 0.25.\n"
    )


def test_cooldown_and_the_least_rate() -> None:
    for cooldown, rate in ((0, 0.125), (2, 0.25), (3, 0.5)):
        cooled = play(ReduceLROnPlateau(factor=0.5, patience=1, cooldown=cooldown), losses(1.0, 1.0, 1.0, 1.0))
        assert cooled.optimizer.learning_rate == rate
    floored = play(ReduceLROnPlateau(factor=0.1, patience=1, min_lr=0.3), losses(1.0, 1.0, 1.0, 1.0))
    assert floored.optimizer.learning_rate == 0.3


def test_small_improvements_do_not_count() -> None:
    script = play(ReduceLROnPlateau(factor=0.5, patience=1), losses(1.0, 0.99995))
    assert script.optimizer.learning_rate == 0.5


def test_faults() -> None:
    with pytest.raises(ParameterError, match=r"does not support a factor >= 1\.0"):
        ReduceLROnPlateau(factor=1.0)
    with pytest.warns(UserWarning, match="metric `val_loss` which is not available"):
        play(ReduceLROnPlateau(), [{"loss": 1.0}])
