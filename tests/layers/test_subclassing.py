"""What becomes of classes that derive from Layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import layers
from convcore.layers.composed import Composed


class Base(layers.Layer):
    def __init__(self, units: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = layers.Dense(units, kernel_initializer="ones")


class Called(Base):
    def call(self, x: Any) -> Any:
        return self.dense(x)


class Again(Called):
    def call(self, x: Any) -> Any:
        return -super().call(x)


class Forward(layers.Layer):
    def forward(self, x: Any) -> Any:
        return x + 1

    def call(self, x: Any) -> Any:
        raise AssertionError("forward says what it computes")


@pytest.mark.parametrize("cls", [Called, Again])
def test_a_class_with_a_call_is_composed(cls: type[Base]) -> None:
    assert issubclass(cls, Composed)
    assert not issubclass(Base, Composed)
    sign = -1 if cls is Again else 1
    np.testing.assert_array_equal(cls(3)(np.ones((1, 2))), np.full((1, 3), 2 * sign))


def test_forward_in_numpy_goes_before_call() -> None:
    assert not issubclass(Forward, Composed)
    np.testing.assert_array_equal(Forward()(np.ones((1, 2))), [[2, 2]])


def test_shapes_of_several_inputs_reach_build() -> None:
    seen = []

    class Pair(layers.Layer):
        def build(self, input_shape: Any) -> None:
            seen.append(input_shape)

        def call(self, inputs: Any) -> Any:
            return inputs[0] + inputs[1]

    pair = Pair()
    np.testing.assert_array_equal(pair([np.ones((2, 3)), np.ones((2, 3))]), np.full((2, 3), 2))
    pair([np.ones((2, 3)), np.ones((2, 3))])
    assert seen == [[(2, 3), (2, 3)]]
