"""Classes of one's own that files can name."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import convcore as keras
from convcore import errors, layers
from convcore.layers import own


@pytest.fixture(autouse=True)
def _none() -> Iterator[None]:
    with own.custom_object_scope():
        yield


class Mine(layers.Layer):
    def call(self, x: object) -> object:
        return x


def test_registered_classes_are_found() -> None:
    config = {"class_name": "Mine", "config": {}, "registered_name": "any>Mine"}
    with pytest.raises(errors.ParameterError, match="Unknown layer class 'Mine'"):
        layers.deserialize(config)
    assert keras.saving.register_keras_serializable(package="any")(Mine) is Mine
    assert isinstance(layers.deserialize(config), Mine)
    assert keras.utils.get_custom_objects()["any>Mine"] is Mine
    assert keras.saving.get_registered_name(Mine) == layers.serialize(Mine())["registered_name"] == "any>Mine"


def test_packages_keep_classes_of_one_name_apart() -> None:
    def made(factor: int) -> type[layers.Layer]:
        class Times(layers.Layer):
            def call(self, x: object) -> object:
                return factor * x  # type: ignore[operator]

        return own.register_keras_serializable(package=f"package{factor}")(Times)

    for layer in [made(factor)() for factor in (2, 3)]:
        twin = layers.deserialize(layers.serialize(layer))
        np.testing.assert_array_equal(twin(np.ones((1, 1))), layer(np.ones((1, 1))))


def test_another_name_and_what_is_no_layer() -> None:
    own.register_keras_serializable(name="Other")(Mine)
    assert isinstance(layers.deserialize({"class_name": "Custom>Other", "config": {}}), Mine)
    own.get_custom_objects()["Text"] = "no class"
    with pytest.raises(errors.ParameterError, match="Unknown layer class 'Text'"):
        layers.deserialize({"class_name": "Text", "config": {}})


def test_a_scope_ends() -> None:
    with keras.saving.CustomObjectScope({"Mine": Mine}):
        assert isinstance(layers.deserialize(layers.serialize(Mine())), Mine)
    assert "Mine" not in own.get_custom_objects()
    assert own.get_registered_name(layers.Dense) == "Dense"
