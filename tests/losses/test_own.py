"""Functions, and classes with a call(), as losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import errors, layers, losses
from convcore.losses.own import OwnLoss

X = np.random.default_rng(0).normal(size=(32, 5)).astype("float32")
Y = np.random.default_rng(1).normal(size=(32, 2)).astype("float32")


def trained(loss: Any, y: Any = Y, **words: Any) -> tuple[list[float], list[Any]]:
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((5,)), layers.Dense(4, "tanh"), layers.Dense(2)])
    model.compile("adam", loss)
    return model.fit(X, y, epochs=3, batch_size=10, verbose=0, **words).history["loss"], model.get_weights()


class Mean(losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return np.mean(np.square(y_true - y_pred), axis=-1)


@pytest.mark.parametrize(
    "loss",
    [
        lambda y_true, y_pred: np.mean(np.square(y_true - y_pred), axis=-1),
        lambda y_true, y_pred: np.mean((y_pred - y_true) ** 2),
        Mean(),
        lambda y_true, y_pred: keras.losses.MeanSquaredError()(y_true, y_pred),
    ],
)
def test_training_is_that_of_the_loss_of_this_room(loss: Any) -> None:
    (figures, weights), (expected, others) = trained(loss), trained("mse")
    np.testing.assert_allclose(figures, expected, rtol=1e-5)
    for a, b in zip(weights, others, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_targets_without_a_last_axis_get_it() -> None:
    model = keras.Sequential([keras.Input((5,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", lambda y_true, y_pred: abs(y_true - y_pred))
    assert model.train_on_batch(X, np.ones(32)) == 1.0


def test_weights_of_samples() -> None:
    weights = np.linspace(0, 2, 32)
    one = trained(lambda y_true, y_pred: np.mean((y_true - y_pred) ** 2, -1), sample_weight=weights)
    other = trained("mse", sample_weight=weights)
    np.testing.assert_allclose(one[0], other[0], rtol=1e-5)


def test_names_and_files(tmp_path: Any) -> None:
    def dice(y_true: Any, y_pred: Any) -> Any:
        return 1 - np.sum(y_true * y_pred)

    assert OwnLoss(dice).name == "dice"
    assert OwnLoss(lambda a, b: a, name="given").name == "given"
    model = keras.Sequential([keras.Input((5,)), layers.Dense(2)])
    model.compile("sgd", dice)
    with pytest.warns(UserWarning, match="of one's own are not saved"):
        model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_what_has_no_known_gradient_is_refused_by_name() -> None:
    with pytest.raises(errors.NotSupportedError, match=r"gradient of numpy\.arctan"):
        trained(lambda y_true, y_pred: np.arctan(y_pred - y_true))


@pytest.mark.parametrize("given", [None, "text", 1j])
def test_what_is_no_number_is_refused_by_name(given: Any) -> None:
    def unfinished(y_true: Any, y_pred: Any) -> Any:
        return given

    with pytest.raises(errors.DTypeError, match="loss 'unfinished': expected a number per sample"):
        trained(unfinished)
    with pytest.raises(errors.DTypeError, match="loss 'unfinished': expected a number per sample"):
        OwnLoss(unfinished)(Y, Y)
