"""Configurations and copies of layers."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from convcore import Sequential, layers
from convcore.errors import NotSupportedError


class Own(layers.Layer):
    pass


def test_a_deep_copy_is_exact_and_apart() -> None:
    layer = layers.Dense(2)
    x = np.ones((1, 3), np.float32)
    y = layer(x)
    twin = copy.deepcopy(layer)
    np.testing.assert_array_equal(twin(x), y)
    twin.set_weights([np.zeros((3, 2)), np.zeros(2)])
    np.testing.assert_array_equal(layer(x), y)
    assert twin.name == layer.name


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_are_refused_by_name(protocol: int) -> None:
    for thing in (layers.Dense(2), Sequential()):
        with pytest.raises(NotSupportedError, match=r"pickling of .*save"):
            pickle.dumps(thing, protocol)


def test_config_of_a_layer_of_ones_own() -> None:
    assert Own(name="s", trainable=False).get_config() == {"name": "s", "trainable": False, "dtype": "float32"}
    assert Own.from_config({"name": "s"}).name == "s"


def test_repr() -> None:
    assert repr(layers.Dense(2, name="d")) == "<Dense name=d, built=False>"
