"""ModelCheckpoint: what it saves, where, when, and what it says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from convcore.callbacks import ModelCheckpoint
from convcore.errors import ParameterError
from tests.callbacks.fakes import play

EPOCHS = [{"loss": 1.0, "val_loss": 0.75}, {"loss": 0.9, "val_loss": 0.8}, {"loss": 0.8, "val_loss": 0.5}]


def test_every_epoch_by_default() -> None:
    assert play(ModelCheckpoint("m.keras"), EPOCHS).saved == ["m.keras"] * 3


def test_the_path_is_a_template() -> None:
    callback = ModelCheckpoint("{epoch:02d}-{val_loss:.2f}.weights.h5", save_weights_only=True)
    assert play(callback, EPOCHS).saved == [
        "weights:01-0.75.weights.h5",
        "weights:02-0.80.weights.h5",
        "weights:03-0.50.weights.h5",
    ]


def test_only_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    script = play(ModelCheckpoint("{epoch}.keras", save_best_only=True, verbose=1), EPOCHS)
    assert script.saved == ["1.keras", "3.keras"]
    assert capsys.readouterr().out == (
        "\nEpoch 1: val_loss improved from None to 0.75000, saving model to 1.keras\n"
        "\nEpoch 1: finished saving model to 1.keras\n"
        "\nEpoch 2: val_loss did not improve from 0.75000\n"
        "\nEpoch 3: val_loss improved from 0.75000 to 0.50000, saving model to 3.keras\n"
        "\nEpoch 3: finished saving model to 3.keras\n"
    )


def test_a_threshold_is_the_first_best() -> None:
    callback = ModelCheckpoint("{epoch}.keras", save_best_only=True, initial_value_threshold=0.6)
    assert play(callback, EPOCHS).saved == ["3.keras"]


def test_after_so_many_batches() -> None:
    callback = ModelCheckpoint("{epoch}-{batch}.keras", save_freq=3)
    assert play(callback, EPOCHS, batches=4).saved == ["1-3.keras", "2-2.keras", "3-1.keras", "3-4.keras"]


def test_a_missing_figure_saves_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="Can save best model only with val_loss available"):
        assert play(ModelCheckpoint("m.keras", save_best_only=True), [{"loss": 1.0}]).saved == ["m.keras"]
    with pytest.raises(ParameterError, match="There are: epoch, loss"):
        play(ModelCheckpoint("{val_loss}.keras"), [{"loss": 1.0}])


def test_missing_folders_are_made(tmp_path: Path) -> None:
    play(ModelCheckpoint(tmp_path / "a" / "{epoch}" / "m.keras"), EPOCHS[:1])
    assert os.path.isdir(tmp_path / "a" / "1")


@pytest.mark.parametrize(
    ("path", "weights_only"),
    [("m.txt", False), ("m", False), ("m.keras", True), ("m.h5", True), (b"m.keras", False)],
)
def test_suffixes(path: Any, weights_only: bool) -> None:
    with pytest.raises(ParameterError, match="filepath provided must end in"):
        ModelCheckpoint(path, save_weights_only=weights_only)


@pytest.mark.parametrize("path", ["m.keras", "m.h5", "m.safetensors", "m.convcore", "m.weights.h5"])
def test_suffixes_of_models(path: str) -> None:
    assert ModelCheckpoint(path).filepath == path


@pytest.mark.parametrize("frequency", ["batch", 0, 1.5])
def test_bad_frequencies(frequency: Any) -> None:
    with pytest.raises(ParameterError, match="save_freq"):
        ModelCheckpoint("m.keras", save_freq=frequency)


def test_a_path_that_cannot_be_written_is_refused_when_training_begins(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder.keras").mkdir()
    for path in ("file/m.keras", "folder.keras"):
        with pytest.raises(OSError, match=r"file|folder"):
            ModelCheckpoint(tmp_path / path).on_train_begin()
