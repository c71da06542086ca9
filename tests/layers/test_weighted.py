"""Reading and setting weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import layers
from convcore.errors import DTypeError, NotSupportedError, ShapeError, StateError


def built() -> layers.Dense:
    layer = layers.Dense(2, name="d")
    layer.build((None, 3))
    return layer


def test_get_weights_copies() -> None:
    layer = built()
    layer.get_weights()[0][...] = 9
    assert not (layer.kernel.value == 9).any()


def test_set_weights_copies_and_casts() -> None:
    layer = built()
    kernel = np.arange(6.0).reshape(3, 2)
    layer.set_weights([kernel, [1, 2]])
    kernel[...] = 0
    assert layer.kernel.numpy().tolist() == [[0, 1], [2, 3], [4, 5]]
    assert layer.get_weights()[1].dtype == np.float32


@pytest.mark.parametrize(
    ("weights", "error", "text"),
    [
        (
            [np.zeros((3, 2))],
            ShapeError,
            r"You called `set_weights\(weights\)` on layer 'd' with a weight list of length 1, but the layer was "
            "expecting 2 weights",
        ),
        (
            [np.ones((3, 2)), np.zeros(3)],
            ShapeError,
            r"Layer d weight shape \(2,\) is not compatible with provided weight shape \(3,\)",
        ),
        ([np.ones((3, 2)), np.zeros(2, complex)], DTypeError, "complex128"),
    ],
)
def test_what_does_not_fit_changes_nothing(weights: Any, error: type[Exception], text: str) -> None:
    layer = built()
    before = layer.get_weights()
    with pytest.raises(error, match=text):
        layer.set_weights(weights)
    np.testing.assert_array_equal(layer.kernel.numpy(), before[0])


def test_trainable_moves_weights_between_the_lists() -> None:
    layer = built()
    assert (len(layer.trainable_weights), len(layer.non_trainable_weights)) == (2, 0)
    layer.trainable = False
    assert (len(layer.trainable_variables), len(layer.non_trainable_variables)) == (0, 2)
    assert [weight.name for weight in layer.weights] == ["kernel", "bias"]
    layer.trainable = True
    assert layer.kernel.trainable


def test_frozen_from_the_start() -> None:
    layer = layers.Dense(2, trainable=False)
    layer.build((None, 3))
    assert layer.trainable_weights == []


def test_count_params_needs_weights() -> None:
    text = r"You tried to call `count_params` on layer 'd', but the layer isn't built\. You can build it manually via: "
    with pytest.raises(StateError, match=text):
        layers.Dense(2, name="d").count_params()
    assert built().count_params() == 8


def test_add_weight_has_the_defaults_of_keras() -> None:
    layer = layers.Layer()
    scalar = layer.add_weight()
    frozen = layer.add_weight(shape=(3,), initializer="ones", trainable=False, name="frozen")
    assert (scalar.shape, scalar.name) == ((), "variable_0")
    layer.trainable = False
    layer.trainable = True
    assert not frozen.trainable
    assert layer.weights == [scalar, frozen]


def test_add_weight_refuses_what_it_has_not() -> None:
    layer = layers.Layer()
    with pytest.raises(NotSupportedError, match="regularizer"):
        layer.add_weight((2,), regularizer=abs)
    with pytest.raises(NotSupportedError, match="float16"):
        layer.add_weight((2,), dtype="float16")
    with pytest.raises(ShapeError, match="known shape"):
        layer.add_weight((None, 2))  # type: ignore[arg-type]
