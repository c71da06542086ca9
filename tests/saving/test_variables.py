"""The names of a model's variables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers
from convcore.errors import ModelFileError
from convcore.saving import variables


class Twice(layers.Layer):
    def build(self, input_shape: Any) -> None:
        self.a = self.add_weight((1,), name="w")
        self.b = self.add_weight((2,), name="w")

    def forward(self, x: Any, training: bool = False) -> Any:
        return x


def test_names_are_unique_and_in_the_order_of_get_weights() -> None:
    inner = Sequential([layers.Dense(3, name="d")], name="inner")
    model = Sequential([layers.Input((4,)), layers.Dense(2, name="d"), Twice(name="t"), inner])
    named = variables.named_variables(model)
    assert list(named) == ["d/kernel", "d/bias", "t/w", "t/w_1", "inner/d/kernel", "inner/d/bias"]
    assert list(named.values()) == model.weights
    assert variables.describe(named)[0] == {"name": "d/kernel", "shape": [4, 2]}
    assert [path for path, _ in variables.named_layers(model)] == ["d", "t", "inner/d"]


TENSORS = {"a": np.zeros((2, 3), np.float32)}


@pytest.mark.parametrize(
    "entries",
    [
        None,
        {},
        [3],
        [{"name": "b", "shape": [1]}],
        [{"name": ["a"], "shape": [2, 3]}],
        [{"name": "a", "shape": [3, 2]}],
        [{"name": "a"}],
        [{"name": "a", "shape": [2, 3]}] * 2,
    ],
)
def test_lists_that_do_not_fit_the_tensors(entries: Any) -> None:
    with pytest.raises(ModelFileError, match=r"^m: "):
        variables.saved_variables({"variables": entries}, TENSORS, "m")


def test_a_list_that_fits() -> None:
    config = {"variables": [{"name": "a", "shape": [2, 3]}]}
    assert variables.saved_variables(config, TENSORS, "m") == TENSORS
