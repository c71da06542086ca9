"""ActivityRegularization as a layer."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import Sequential, layers


def test_values_pass_and_cost() -> None:
    x = np.array([[1.0, -2.0], [3.0, 0.0]], np.float32)
    layer = layers.ActivityRegularization(l1=0.5, l2=0.25)
    np.testing.assert_array_equal(layer(x), x)
    assert layer.losses[0] == pytest.approx((0.5 * 6 + 0.25 * 14) / 2)
    assert layer.get_config() == {
        "name": layer.name, "trainable": True, "dtype": "float32", "l1": 0.5, "l2": 0.25
    }  # fmt: skip


def test_the_loss_of_a_model_has_it() -> None:
    x = np.random.default_rng(0).standard_normal((8, 3)).astype(np.float32)
    model = Sequential([layers.Input((3,)), layers.ActivityRegularization(l2=0.5)])
    model.compile("sgd", "mse")
    assert model.evaluate(x, x, verbose=0) == pytest.approx(0.5 * (x**2).sum() / 8, rel=1e-5)
