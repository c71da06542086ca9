"""Dropout as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import layers, random
from convcore.errors import ParameterError

X = np.ones((100, 200), np.float32)


def test_without_training_nothing_happens() -> None:
    np.testing.assert_array_equal(layers.Dropout(0.5)(X), X)


def test_in_training_a_share_is_zero_and_the_rest_is_scaled() -> None:
    y = layers.Dropout(0.25, seed=1)(X, training=True)
    assert set(np.unique(y)) == {np.float32(0.0), np.float32(1 / 0.75)}
    assert abs(np.mean(y == 0) - 0.25) < 5 * np.sqrt(0.25 * 0.75 / X.size)


def test_the_gradient_passes_where_the_value_did() -> None:
    layer = layers.Dropout(0.5, seed=2)
    y = layer.forward(X)
    np.testing.assert_array_equal(layer.backward(X), y)


def test_seeds_repeat_and_calls_differ() -> None:
    first, twin = layers.Dropout(0.5, seed=3), layers.Dropout(0.5, seed=3)
    y = first(X, training=True)
    np.testing.assert_array_equal(y, twin(X, training=True))
    assert not np.array_equal(y, first(X, training=True))
    assert not np.array_equal(y, layers.Dropout(0.5, seed=4)(X, training=True))


def test_without_a_seed_the_process_stream_decides() -> None:
    random.set_seed(1)
    y = layers.Dropout(0.5)(X, training=True)
    random.set_seed(1)
    np.testing.assert_array_equal(layers.Dropout(0.5)(X, training=True), y)


@pytest.mark.parametrize("rate", [0, 1])
def test_the_ends(rate: int) -> None:
    np.testing.assert_array_equal(layers.Dropout(rate)(X, training=True), X * (1 - rate))


@pytest.mark.parametrize("rate", [-0.1, 1.1, np.nan, "0.5", None, True])
def test_rates_that_are_none(rate: Any) -> None:
    with pytest.raises(ParameterError, match="rate"):
        layers.Dropout(rate)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True])
def test_seeds_that_are_none(seed: Any) -> None:
    with pytest.raises(ParameterError, match="seed"):
        layers.Dropout(0.5, seed=seed)
