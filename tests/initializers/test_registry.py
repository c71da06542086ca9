"""Initializers by name, and to configurations and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import initializers
from convcore.errors import NotSupportedError, ParameterError, ShapeError


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
    with pytest.raises(NotSupportedError, match=r"keras\.initializers\.stft \(supported: .*he_normal"):
        initializers.get("stft")
    with pytest.raises(NotSupportedError, match=r"keras\.initializers\.STFT"):
        _ = initializers.STFT
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = initializers.nonsense


def test_an_array_is_an_initializer_of_its_shape() -> None:
    kernel = np.float32([[1.0, 2.0], [3.0, 4.0]])
    found = initializers.get(kernel)
    np.testing.assert_array_equal(found((2, 2)), kernel)
    assert initializers.serialize(found) == {"class_name": "Constant", "config": {"value": kernel.tolist()}}
    with pytest.raises(ShapeError, match="Expected `shape` to be"):
        found((1, 2))
