"""The class of all models: what it makes, and what it refuses."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import Model, Sequential, layers
from convcore.errors import NotSupportedError
from convcore.models import Functional


def test_model_makes_functional_models() -> None:
    a = layers.Input((3,))
    model = Model(inputs=a, outputs=layers.ReLU()(a), name="m")
    assert type(model) is Functional
    assert isinstance(Sequential([a, layers.ReLU()]), Model)
    assert model.name == "m"
    with pytest.raises(NotSupportedError, match="subclasses"):
        Model()
    with pytest.raises(AttributeError, match="`Model.layers` attribute is reserved"):
        model.layers = []


class Heads(Model):
    """A subclass that makes its layers in the constructor."""

    def __init__(self, units: int, **arguments: Any) -> None:
        a = layers.Input((3,))
        super().__init__(
            inputs=a, outputs=[layers.Dense(units, name="one")(a), layers.Dense(1, name="two")(a)], **arguments
        )


class Deeper(Heads):
    pass


def test_subclasses_that_make_their_layers_in_the_constructor() -> None:
    for kind in (Heads, Deeper):
        model: Any = kind(4, name="heads")
        assert isinstance(model, Functional)
        assert type(model) is kind
        assert model.name == "heads"
        model.compile("sgd", "mse")
        model.fit(np.ones((4, 3)), [np.ones((4, 4)), np.ones((4, 1))], verbose=0)
        twin = copy.deepcopy(model)
        assert type(twin) is kind
        np.testing.assert_array_equal(twin.predict(np.ones((2, 3)), verbose=0)[0], model(np.ones((2, 3)))[0])
        assert keras.models.clone_model(model).count_params() == model.count_params()

    class Row(Sequential):
        def __init__(self) -> None:
            super().__init__([layers.Input((3,)), layers.Dense(2)])

    assert Row().output_shape == (None, 2)
    a = layers.Input((3,))
    assert type(Model(a, a)) is Functional


def test_steps_of_one_s_own_are_refused_by_name() -> None:
    class Own(Model):
        def call(self, x: Any) -> Any:
            return x

    class Steps(Sequential):
        def train_step(self, data: Any) -> Any:
            return data

    with pytest.raises(NotSupportedError, match=r"call\(\) of one's own in a model, as Own has"):
        Own(layers.Input((3,)), layers.Input((3,)))
    with pytest.raises(NotSupportedError, match=r"train_step\(\) of one's own in a model, as Steps has"):
        Steps()
    with pytest.raises(NotSupportedError, match=r"Model\.from_config"):
        Model.from_config({})
