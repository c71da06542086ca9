"""CSVLogger: the text of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from convcore.callbacks import CSVLogger
from convcore.errors import ParameterError
from tests.callbacks.fakes import play

EPOCHS = [{"loss": 1.5, "accuracy": 0.25}, {"loss": 0.5, "accuracy": 0.75}]


def test_a_row_an_epoch(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    play(CSVLogger(file), EPOCHS)
    assert file.read_bytes() == (
        b"epoch,accuracy,loss,val_accuracy,val_loss\r\n0,0.25,1.5,NA,NA\r\n1,0.75,0.5,NA,NA\r\n"
    )
    play(CSVLogger(file, separator=";"), EPOCHS[:1])
    assert file.read_bytes() == b"epoch;accuracy;loss;val_accuracy;val_loss\r\n0;0.25;1.5;NA;NA\r\n"


def test_append_writes_no_second_header(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    callback = CSVLogger(file, append=True)
    for _ in range(2):
        play(callback, EPOCHS[:1])
    assert file.read_text().split() == [
        "epoch,accuracy,loss,val_accuracy,val_loss",
        "0,0.25,1.5,NA,NA",
        "0,0.25,1.5,NA,NA",
    ]


def test_validation_that_comes_later_has_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    later = EPOCHS[1] | {"val_loss": 2.0, "val_accuracy": 0.5}
    play(CSVLogger(file), [EPOCHS[0], later])
    assert file.read_text().split() == [
        "epoch,accuracy,loss,val_accuracy,val_loss",
        "0,0.25,1.5,NA,NA",
        "1,0.75,0.5,0.5,2.0",
    ]


def test_validation_from_the_first_epoch_is_sorted_among_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    play(CSVLogger(file), [{"loss": 1.5, "val_loss": 2.0, "learning_rate": 0.5}])
    assert file.read_text().split() == ["epoch,learning_rate,loss,val_loss", "0,0.5,1.5,2.0"]


def test_bad_arguments(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="separator"):
        CSVLogger(tmp_path / "log.csv", separator=", ")
    with pytest.raises(FileNotFoundError):
        play(CSVLogger(tmp_path / "nowhere" / "log.csv"), EPOCHS)
