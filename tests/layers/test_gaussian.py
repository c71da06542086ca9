"""Layers of normal noise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from convcore import layers, random
from convcore.errors import ParameterError

X = np.ones((1000, 1001), np.float32)
KINDS = [layers.GaussianNoise, layers.GaussianDropout]


def below(z: float) -> float:
    return (1 + math.erf(z / math.sqrt(2))) / 2


@pytest.mark.parametrize("kind", KINDS)
def test_without_training_or_a_spread_nothing_happens(kind: Any) -> None:
    np.testing.assert_array_equal(kind(0.5)(X), X)
    np.testing.assert_array_equal(kind(0)(X, training=True), X)


def test_the_noise_is_normal() -> None:
    """Mean, variance and the shares below some bounds, each within five standard errors; no two rows alike."""
    z = (layers.GaussianNoise(0.5, seed=1)(X, training=True).astype(np.float64) - 1) / 0.5
    assert abs(z.mean()) < 5 / math.sqrt(z.size)
    assert abs(z.var() - 1) < 5 * math.sqrt(2 / z.size)
    for bound in (-4.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.25, 1.5, 2.5, 3.5):
        p = below(bound)
        assert abs(np.mean(z < bound) - p) < 5 * math.sqrt(p * (1 - p) / z.size)
    assert 4.3 < np.abs(z).max() < 5.5
    assert abs(np.corrcoef(z[:, 0], z[:, 1])[0, 1]) < 5 / math.sqrt(len(z))
    assert abs(np.corrcoef(z[0], z[1])[0, 1]) < 5 / math.sqrt(len(z))


def test_dropout_multiplies_by_noise_of_its_variance() -> None:
    y = layers.GaussianDropout(0.2, seed=1)(3 * X, training=True) / 3
    assert abs(y.mean() - 1) < 5 * 0.5 / math.sqrt(y.size)
    assert abs(y.var() - 0.25) < 5 * 0.25 * math.sqrt(2 / y.size)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients(kind: Any) -> None:
    layer = kind(0.5, seed=2)
    y = layer.forward(X)
    np.testing.assert_array_equal(layer.backward(2 * X), 2 * X if kind is layers.GaussianNoise else 2 * y)


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_repeat_and_calls_differ(kind: Any) -> None:
    first, twin = kind(0.5, seed=3), kind(0.5, seed=3)
    y = first(X, training=True)
    np.testing.assert_array_equal(y, twin(X, training=True))
    assert not np.array_equal(y, first(X, training=True))
    random.set_seed(1)
    y = kind(0.5)(X, training=True)
    random.set_seed(1)
    np.testing.assert_array_equal(kind(0.5)(X, training=True), y)


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan, "0.5", None, True])
def test_what_is_no_spread(value: Any) -> None:
    with pytest.raises(ParameterError, match="stddev"):
        layers.GaussianNoise(value)
    with pytest.raises(ParameterError, match="rate"):
        layers.GaussianDropout(value)


def test_a_rate_of_one_has_no_finite_variance() -> None:
    layer = layers.GaussianDropout(1)
    np.testing.assert_array_equal(layer(X), X)
    with pytest.raises(ParameterError, match="rate=1.0"):
        layer(X, training=True)
