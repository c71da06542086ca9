"""A compiled model put back into the training that a file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore.errors import ModelFileError, StateError
from convcore.saving.resume import resume_training
from tests.training.small import data, model, weights

X, Y = data()


def test_training_goes_on_to_the_bit(tmp_path: Path) -> None:
    expected = model(optimizer="adam")
    expected.fit(X, Y, verbose=0)
    expected.optimizer.learning_rate = 0.25
    expected.save(tmp_path / "m.keras")
    other = model(seed=5, optimizer="adam")
    resume_training(other, tmp_path / "m.keras")
    assert other.optimizer.learning_rate == 0.25
    for net in (expected, other):
        net.fit(X, Y, epochs=2, verbose=0)
    assert np.array_equal(weights(other), weights(expected))


def test_random_layers_go_on_with_the_numbers_that_they_would_have_drawn(tmp_path: Path) -> None:
    def net(seed: int) -> Any:
        keras.utils.set_random_seed(seed)
        layers = keras.layers
        model = keras.Sequential(
            [layers.Input((5,)), layers.Dropout(0.2), layers.Dense(8, "relu"), layers.Dropout(0.5), layers.Dense(3)]
        )
        model.compile("adam", "mse")
        return model

    targets = np.eye(3, dtype=np.float32)[Y]
    expected, other = net(1), net(2)
    expected.fit(X, targets, epochs=2, verbose=0)
    expected.save(tmp_path / "m.keras")
    resume_training(other, tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    for each in (expected, other, loaded):
        each.fit(X, targets, epochs=2, verbose=0)
    assert np.array_equal(weights(other), weights(expected))
    assert np.array_equal(weights(loaded), weights(expected))


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    net = model()
    net.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(ModelFileError, match="not the file of a compiled model"):
        resume_training(net, tmp_path / "w.weights.h5")
    with pytest.raises(FileNotFoundError):
        resume_training(net, tmp_path / "none.keras")
    net.save(tmp_path / "m.keras")
    plain = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    with pytest.raises(StateError, match="compile"):
        resume_training(plain, tmp_path / "m.keras")
    plain.compile("sgd", "mse")
    with pytest.raises(ModelFileError, match="shape"):
        resume_training(plain, tmp_path / "m.keras")
