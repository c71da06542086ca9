"""The class of all models: what it makes, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from convcore import Model, Sequential, layers
from convcore.errors import NotSupportedError
from convcore.models import Functional


def test_model_makes_functional_models() -> None:
    a = layers.Input((3,))
    model = Model(inputs=a, outputs=layers.ReLU()(a), name="m")
    assert type(model) is Functional
    assert isinstance(Sequential([a, layers.ReLU()]), Model)
    assert model.name == "m"


def test_layers_of_one_s_own_need_forward_and_backward() -> None:
    class Own(Model):
        def call(self, x: Any) -> Any:
            return x

    for make in (Own, lambda: Own(layers.Input((3,)), layers.Input((3,)))):
        with pytest.raises(NotSupportedError, match=r"subclasses of keras\.Model, as Own is"):
            make()
    with pytest.raises(NotSupportedError, match=r"Own\.from_config"):
        Own.from_config({})
