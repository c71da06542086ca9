"""EarlyStopping: when it stops, what it restores, what it says."""

from __future__ import annotations

import pytest

from convcore.callbacks import EarlyStopping
from convcore.errors import ParameterError
from tests.callbacks.fakes import play


def losses(*values: float) -> list[dict[str, float]]:
    return [{"loss": 0.0, "val_loss": value} for value in values]


@pytest.mark.parametrize(
    ("patience", "values", "epochs"),
    [
        (0, (1.0, 0.9, 0.9, 0.1), 3),
        (1, (1.0, 0.9, 0.9, 0.1), 3),
        (2, (1.0, 1.1, 0.9, 1.0, 1.0, 0.1), 5),
        (3, (1.0, 0.9, 0.8, 0.7), 4),
    ],
)
def test_it_stops_after_so_many_epochs_without_improvement(
    patience: int, values: tuple[float, ...], epochs: int
) -> None:
    assert play(EarlyStopping(patience=patience), losses(*values)).epochs == epochs


def test_min_delta_must_be_exceeded() -> None:
    assert play(EarlyStopping(min_delta=0.1, patience=1), losses(1.0, 0.95, 0.2)).epochs == 2
    assert play(EarlyStopping(min_delta=-0.01, patience=1), losses(1.0, 0.95, 0.2)).epochs == 3


def test_accuracy_goes_up_and_loss_goes_down() -> None:
    rising = [{"val_accuracy": value} for value in (0.1, 0.2, 0.3)]
    assert play(EarlyStopping("val_accuracy", patience=1), rising).epochs == 3
    assert play(EarlyStopping("val_accuracy", patience=1, mode="min"), rising).epochs == 2
    with pytest.raises(ParameterError, match="monitor=val_speed"):
        play(EarlyStopping("val_speed"), [{"val_speed": 1.0}, {"val_speed": 2.0}])


def test_a_baseline_must_be_beaten() -> None:
    assert play(EarlyStopping(baseline=0.5, patience=2), losses(1.0, 0.9, 0.9, 0.9, 0.9)).epochs == 3
    assert play(EarlyStopping(baseline=0.95, patience=2), losses(1.0, 0.9, 0.9, 0.9, 0.9)).epochs == 4


def test_the_first_epochs_can_be_left_out() -> None:
    assert play(EarlyStopping(start_from_epoch=3, patience=1), losses(1, 2, 3, 4, 5, 6)).epochs == 5


def test_the_best_weights_come_back(capsys: pytest.CaptureFixture[str]) -> None:
    script = play(EarlyStopping(patience=2, restore_best_weights=True, verbose=1), losses(1.0, 0.5, 0.6, 0.7, 0.1))
    assert script.epochs == 2
    assert capsys.readouterr().out == (
        "Epoch 4: early stopping\nRestoring model weights from the end of the best epoch: 2.\n"
    )


def test_without_the_option_the_weights_stay() -> None:
    assert play(EarlyStopping(patience=2), losses(1.0, 0.5, 0.6, 0.7, 0.1)).epochs == 4


def test_an_instance_can_be_used_again() -> None:
    callback = EarlyStopping(patience=1)
    assert play(callback, losses(1.0, 2.0, 3.0)).epochs == 2
    assert play(callback, losses(5.0, 4.0, 3.0)).epochs == 3


def test_a_missing_figure_is_a_warning() -> None:
    with pytest.warns(UserWarning, match="metric `val_loss` which is not available. Available metrics are: loss"):
        play(EarlyStopping(), [{"loss": 1.0}])


def test_bad_arguments() -> None:
    with pytest.raises(ParameterError, match="patience"):
        EarlyStopping(patience=-1)
    with pytest.warns(UserWarning, match="mode 'most' is unknown"):
        assert EarlyStopping(mode="most").mode == "auto"
