"""The default recipe is the seed net with a one-cycle rate, in two epochs or fewer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from convcore import runtime
from convcore.callbacks import LambdaCallback
from convcore.datasets import digits
from convcore.optimizers.schedules import OneCycle
from convcore.recipes import SEED_NET
from convcore.utils import set_random_seed


def test_the_seed_net():
    model = SEED_NET.model((28, 28, 1), images=60000)
    assert model.count_params() == 243_786
    assert [layer.output.shape[1:] for layer in model.layers if "conv" in layer.name] == [(26, 26, 64), (11, 11, 64)]
    assert SEED_NET.epochs <= 2


def test_the_rate_rises_once_and_falls_to_nothing_at_the_last_step():
    recipe = replace(SEED_NET, epochs=2, batch_size=100, learning_rate=0.01)
    rate = recipe.model((28, 28, 1), images=950).optimizer.get_config()["learning_rate"]
    schedule = OneCycle.from_config(rate["config"]) if isinstance(rate, dict) else rate
    rates = [schedule(step) for step in range(21)]
    assert max(rates) == 0.01
    assert rates[0] < 0.001
    assert rates[20] == 0
    peak = rates.index(0.01)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


@pytest.mark.parametrize(("epochs", "steps"), [(1, 4), (1.5, 6), (2, 8), (2.1, 9), (0.01, 1)])
def test_it_ends_with_its_last_step(epochs, steps):
    (x, y), _ = digits.load_data(100, 1)
    recipe = replace(SEED_NET, epochs=epochs, batch_size=32)
    model = recipe.model((28, 28, 1), images=100)
    logs = []
    said = LambdaCallback(on_epoch_end=lambda epoch, figures: logs.append(epoch))
    recipe.fit(model, x[..., np.newaxis], y, callbacks=[said], verbose=0)
    assert recipe.steps(100) == model.optimizer.iterations == steps
    assert logs == list(range(-(-steps // 4)))
    assert model.optimizer.learning_rate == 0


def test_recipes_are_plain_data():
    found = SEED_NET.as_dict()
    assert found["name"] == "seed-net-one-cycle"
    assert found["epochs"] == SEED_NET.epochs
    assert found["optimizer"] == "adam"


def test_it_learns_the_drawn_digits():
    set_random_seed(0)
    (x_train, y_train), (x_test, y_test) = digits.load_data(4000, 500)
    recipe = replace(SEED_NET, epochs=2)
    model = recipe.model((28, 28, 1), images=4000)
    with runtime.threads(1):
        recipe.fit(model, x_train[..., np.newaxis], y_train, verbose=0)
        _, accuracy = model.evaluate(x_test[..., np.newaxis], y_test, verbose=0)
    assert accuracy > 0.9
