"""Variances, bounds and fans."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from convcore import initializers
from convcore.errors import ParameterError

SHAPE = (5, 5, 40, 60)
FAN_IN, FAN_OUT = 25 * 40, 25 * 60


@pytest.mark.parametrize(
    ("name", "variance", "bound"),
    [
        ("glorot_uniform", 2 / (FAN_IN + FAN_OUT), math.sqrt(6 / (FAN_IN + FAN_OUT))),
        ("glorot_normal", 2 / (FAN_IN + FAN_OUT), None),
        ("he_uniform", 2 / FAN_IN, math.sqrt(6 / FAN_IN)),
        ("he_normal", 2 / FAN_IN, None),
        ("lecun_uniform", 1 / FAN_IN, math.sqrt(3 / FAN_IN)),
        ("lecun_normal", 1 / FAN_IN, None),
        ("random_uniform", 0.1**2 / 12, 0.05),
        ("random_normal", 0.05**2, None),
    ],
)
def test_mean_variance_and_bound(name: str, variance: float, bound: float | None) -> None:
    initializer = initializers.deserialize({"class_name": type(initializers.get(name)).__name__, "config": {"seed": 1}})
    values = initializer(SHAPE)
    assert values.shape == SHAPE
    assert values.dtype == np.float32
    count = values.size
    assert abs(values.mean()) < 5 * math.sqrt(variance / count)
    # The relative error of a variance from n draws is at most sqrt(2 / n) for these distributions.
    assert abs(values.var() / variance - 1) < 5 * math.sqrt(2 / count)
    if bound is not None:
        assert 0.999 * bound < np.abs(values).max() <= np.float32(bound)


def test_he_normal_is_truncated_with_the_variance_restored() -> None:
    values = initializers.HeNormal(seed=1)((1000, 300))
    stddev = math.sqrt(2 / 1000)
    assert abs(values.std() / stddev - 1) < 0.01
    assert np.abs(values).max() <= 2 * stddev / 0.87962566103423978 * 1.0001


@pytest.mark.parametrize(
    "arguments", [{"scale": 0}, {"scale": math.nan}, {"mode": "x"}, {"distribution": "x"}, {"scale": "1"}]
)
def test_variance_scaling_checks_its_arguments(arguments: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(arguments))):
        initializers.VarianceScaling(**arguments)


def test_fans() -> None:
    assert initializers.compute_fans(()) == (1, 1)
    assert initializers.compute_fans((5,)) == (5, 5)
    assert initializers.compute_fans((4, 7)) == (4, 7)
    assert initializers.compute_fans((3, 3, 32, 64)) == (288, 576)


def test_fans_of_axes_that_are_named() -> None:
    wide = initializers.VarianceScaling(2.0, "fan_in", "uniform", seed=1, input_axes=(0, 1), output_axes=[-1])
    values = wide((4, 9, 2, 3))
    assert np.abs(values).max() <= np.sqrt(3 * 2.0 / 36)
    assert np.abs(values).max() > 0.9 * np.sqrt(3 * 2.0 / 36)
    assert wide.get_config()["input_axes"] == [0, 1]
    named = initializers.HeNormal(seed=1, input_axes=[1], output_axes=[0])
    np.testing.assert_array_equal(initializers.HeNormal.from_config(named.get_config())((5, 6)), named((5, 6)))
    assert initializers.HeNormal(seed=1, input_axes=[1]).get_config() == {"seed": 1, "input_axes": [1]}
    with pytest.raises(ParameterError, match="axes of the shape"):
        named((5,))
    with pytest.raises(ParameterError, match="`output_axes` must be a list"):
        initializers.GlorotUniform(output_axes=1)  # type: ignore[arg-type]
