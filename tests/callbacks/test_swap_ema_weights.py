"""Averages of weights in the place of weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore.callbacks import Callback, SwapEMAWeights
from convcore.errors import ParameterError
from tests.training.small import data, model, weights

X, Y = data()


class Watch(Callback):
    """The weights when hooks run."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, Any] = {}

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen["batch"] = weights(self.model)

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen["test"] = weights(self.model)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.seen["begin"] = weights(self.model)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seen["end"] = weights(self.model)


def averaged(swap_on_epoch: bool, epochs: int = 2) -> tuple[Any, dict[str, Any]]:
    net = model(optimizer=keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9))
    watch = Watch()
    net.fit(X, Y, epochs=epochs, validation_data=(X, Y), callbacks=[SwapEMAWeights(swap_on_epoch), watch], verbose=0)
    return net, watch.seen


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_validation_and_the_end_of_an_epoch_see_averages(swap_on_epoch: bool) -> None:
    plain = model(optimizer=keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9))
    plain.fit(X, Y, epochs=2, verbose=0)  # ends with the averages as weights
    net, seen = averaged(swap_on_epoch)
    assert np.array_equal(seen["test"], weights(plain))
    assert not np.array_equal(seen["batch"], weights(plain))
    assert np.array_equal(seen["end"], weights(plain) if swap_on_epoch else seen["batch"])
    assert np.array_equal(weights(net), weights(plain))


def test_training_goes_on_with_the_weights() -> None:
    _, swapped = averaged(True, 3)
    _, kept = averaged(False, 3)
    assert np.array_equal(swapped["begin"], kept["begin"])


def test_predict_and_evaluate_put_the_weights_back() -> None:
    net, _ = averaged(False)
    net.train_on_batch(X, Y)
    before, average = weights(net), net.optimizer.slots[-1].copy()
    for call in (
        lambda swap: net.predict(X, callbacks=[swap], verbose=0),
        lambda swap: net.evaluate(X, Y, callbacks=[swap], verbose=0),
    ):
        call(SwapEMAWeights())
        assert np.array_equal(weights(net), before)
        assert np.array_equal(net.optimizer.slots[-1], average)


def test_it_needs_averages() -> None:
    with pytest.raises(ParameterError, match="use_ema=False"):
        model().fit(X, Y, callbacks=[SwapEMAWeights(True)], verbose=0)
    with pytest.raises(ParameterError, match="swap_on_epoch"):
        SwapEMAWeights("epoch")  # type: ignore[arg-type]
