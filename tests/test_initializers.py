"""Initial values: formulas, seeds, names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from convcore import initializers, random
from convcore.errors import NotSupportedError, ParameterError

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


def test_truncated_normal_is_cut_at_two_standard_deviations_and_not_clipped() -> None:
    values = initializers.TruncatedNormal(mean=1.0, stddev=0.5, seed=3)((200_000,))
    assert np.abs(values - 1.0).max() <= 1.0
    assert abs(values.std() / (0.5 * 0.87962566103423978) - 1) < 0.01
    assert np.mean(np.abs(values - 1.0) > 0.999) < 0.001


def test_he_normal_is_truncated_with_the_variance_restored() -> None:
    values = initializers.HeNormal(seed=1)((1000, 300))
    stddev = math.sqrt(2 / 1000)
    assert abs(values.std() / stddev - 1) < 0.01
    assert np.abs(values).max() <= 2 * stddev / 0.87962566103423978 * 1.0001


def test_constants() -> None:
    assert initializers.get("zeros")((2, 3)).tolist() == [[0] * 3] * 2
    assert initializers.get("ones")((2,)).tolist() == [1, 1]
    assert initializers.Constant(2.5)((2,)).tolist() == [2.5, 2.5]


@pytest.mark.parametrize("shape", [(), (0, 3), (7,), (3, 5)])
def test_any_shape(shape: tuple[int, ...]) -> None:
    for name in ("glorot_uniform", "he_normal", "random_normal", "truncated_normal", "zeros"):
        assert initializers.get(name)(shape).shape == shape


def test_a_seed_gives_the_same_values_at_each_call_and_another_seed_others() -> None:
    initializer = initializers.GlorotUniform(seed=4)
    np.testing.assert_array_equal(initializer((3, 4)), initializer((3, 4)))
    np.testing.assert_array_equal(initializer((3, 4)), initializers.GlorotUniform(seed=4)((3, 4)))
    assert not np.array_equal(initializer((3, 4)), initializers.GlorotUniform(seed=5)((3, 4)))


def test_without_a_seed_the_process_stream_decides() -> None:
    random.set_seed(1)
    first, second = initializers.get("he_normal")((4,)), initializers.get("he_normal")((4,))
    assert not np.array_equal(first, second)
    random.set_seed(1)
    np.testing.assert_array_equal(initializers.get("he_normal")((4,)), first)


def test_making_an_initializer_draws_nothing() -> None:
    random.set_seed(1)
    expected = random.next_seed()
    random.set_seed(1)
    initializers.get("he_normal")
    assert random.next_seed() == expected


@pytest.mark.parametrize("name", ["glorot_uniform", "GlorotUniform", "GLOROT_UNIFORM", "glorotuniform"])
def test_names_in_any_case(name: str) -> None:
    assert type(initializers.get(name)) is initializers.GlorotUniform


def test_aliases_classes_and_callables() -> None:
    assert type(initializers.get("normal")) is initializers.RandomNormal
    assert type(initializers.get(initializers.Ones)) is initializers.Ones
    assert initializers.glorot_uniform is initializers.GlorotUniform

    def own(shape: tuple[int, ...], dtype: Any = None) -> Any:
        return np.zeros(shape)

    assert initializers.get(own) is own
    with pytest.raises(NotSupportedError, match="configuration"):
        initializers.serialize(own)


@pytest.mark.parametrize(
    "initializer",
    [
        initializers.Constant(3.0),
        initializers.RandomUniform(-1.0, 2.0, seed=3),
        initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=1),
        initializers.HeNormal(seed=9),
        initializers.TruncatedNormal(1.0, 2.0, seed=2),
    ],
    ids=repr,
)
def test_serialize_and_back(initializer: initializers.Initializer) -> None:
    twin = initializers.get(initializers.serialize(initializer))
    assert type(twin) is type(initializer)
    np.testing.assert_array_equal(twin((3, 4)), initializer((3, 4)))


@pytest.mark.parametrize(
    "bad",
    ["foo", 3, None, {"class_name": "os.system"}, {"class_name": "Zeros", "config": {"x": 1}}, {"class_name": []}],
)
def test_what_is_no_initializer_is_refused(bad: Any) -> None:
    with pytest.raises(ParameterError):
        initializers.get(bad)


def test_known_names_of_keras_are_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match=r"keras\.initializers\.orthogonal \(supported: .*he_normal"):
        initializers.get("orthogonal")
    with pytest.raises(NotSupportedError, match=r"keras\.initializers\.Orthogonal"):
        _ = initializers.Orthogonal
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = initializers.nonsense


@pytest.mark.parametrize("seed", [True, -1, 1.5, "1"])
def test_seeds_are_integers(seed: Any) -> None:
    with pytest.raises(ParameterError, match="seed"):
        initializers.HeNormal(seed=seed)


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
