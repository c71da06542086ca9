"""Interrupted trainings go on to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import layers
from convcore.callbacks import BackupAndRestore, Callback, ReduceLROnPlateau
from convcore.errors import ModelFileError, ParameterError, StateError
from tests.training.small import CLASSES, data, weights

X, Y = data()


class Interrupt(Callback):
    """Raises at a batch of an epoch."""

    def __init__(self, epoch: int, batch: int) -> None:
        super().__init__()
        self.place = (epoch, batch)
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (self.epoch, batch) == self.place:
            raise KeyboardInterrupt


def fresh(seed: int = 1) -> Any:
    keras.utils.set_random_seed(seed)
    net = keras.Sequential(
        [layers.Input((5,)), layers.Dense(8, "relu"), layers.Dropout(0.3), layers.Dense(CLASSES, "softmax")]
    )
    net.compile("adam", "sparse_categorical_crossentropy")
    return net


def fit(net: Any, *callbacks: Callback) -> Any:
    plateau = ReduceLROnPlateau(monitor="loss", patience=1, min_delta=1.0)
    return net.fit(X, Y, epochs=5, batch_size=30, callbacks=[plateau, *callbacks], verbose=0)


@pytest.mark.parametrize("save_freq", ["epoch", 1, 3])
@pytest.mark.parametrize("place", [(2, 1), (3, 3)])
def test_it_ends_at_the_bits_of_a_training_without_interruption(
    tmp_path: Path, save_freq: Any, place: tuple[int, int]
) -> None:
    def train(net: Any, *more: Callback) -> Any:
        return net.fit(X, Y, epochs=5, batch_size=30, callbacks=[*more], verbose=0)

    expected = fresh()
    train(expected)
    folder = tmp_path / "backup"
    with pytest.raises(KeyboardInterrupt):
        train(fresh(), BackupAndRestore(folder, save_freq), Interrupt(*place))
    again = fresh(seed=9)
    history = train(again, BackupAndRestore(folder, save_freq))
    assert np.array_equal(weights(again), weights(expected))
    assert history.epoch[-1] == 4
    assert len(history.epoch) < 4
    assert not folder.exists()


def test_the_learning_rate_goes_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(fresh(), BackupAndRestore(tmp_path, delete_checkpoint=False), Interrupt(3, 0))
    again = fresh()
    again.fit(X, Y, epochs=3, batch_size=30, callbacks=[BackupAndRestore(tmp_path)], verbose=0)
    assert again.optimizer.learning_rate < 1e-3


def test_the_state_before_is_kept_for_a_damaged_file(tmp_path: Path) -> None:
    backup = BackupAndRestore(tmp_path, double_checkpoint=True, delete_checkpoint=False)
    fit(fresh(), backup)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["backup-00000004-0000000000.keras", "backup-00000005-0000000000.keras"]
    files[1].write_bytes(files[1].read_bytes()[:-9])
    assert fit(fresh(), backup).epoch == [4]
    for file in tmp_path.iterdir():
        file.write_bytes(b"")
    with pytest.raises(ModelFileError):
        fit(fresh(), backup)


def test_other_files_of_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    fit(fresh(), BackupAndRestore(tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_arguments(tmp_path: Path) -> None:
    for bad in ("batch", 0, -1, 1.5, True, None):
        with pytest.raises(ParameterError, match="save_freq"):
            BackupAndRestore(tmp_path, bad)  # type: ignore[arg-type]
    net = fresh()
    net.fit(X, Y, callbacks=[BackupAndRestore(tmp_path)], verbose=0)
    callback = BackupAndRestore(tmp_path)
    callback.set_model(keras.Sequential([layers.Dense(2)]))
    with pytest.raises(StateError, match="built"):
        callback.on_train_begin()
