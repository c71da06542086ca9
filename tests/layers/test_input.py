"""Input and InputLayer."""

from __future__ import annotations

from typing import Any

import pytest

from convcore import backend, layers
from convcore.errors import NotSupportedError, ParameterError


def test_input_describes_batches() -> None:
    backend.reset_uids()
    tensor = layers.Input((28, 28, 1))
    assert (tensor.shape, tensor.dtype, tensor.name) == ((None, 28, 28, 1), "float32", "input_layer")
    assert layers.Input(shape=[3], batch_size=8, dtype="uint8", name="pixels").shape == (8, 3)
    assert layers.Input(batch_shape=(None, 4)).shape == (None, 4)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "You must pass a `shape` argument"),
        ({"shape": (1,), "batch_shape": (1, 2)}, "both `shape` and `batch_shape`"),
        ({"batch_size": 3, "batch_shape": (1, 2)}, "both `batch_size` and `batch_shape`"),
        ({"shape": 28}, r"Cannot convert '28' to a shape\. Did you mean \(28,\)\?"),
        ({"shape": (-1, 2)}, "Negative dimensions are not allowed"),
        ({"shape": ("a", 2)}, "Found invalid dimension 'a' of type"),
        ({"shape": (2,), "batch_size": 0}, "batch_size"),
        ({"shape": (2,), "dtype": "nonsense"}, "dtype"),
        ({"batch_shape": ()}, "batch axis"),
    ],
)
def test_inputs_that_are_none(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ParameterError, match=text):
        layers.Input(**arguments)


@pytest.mark.parametrize("arguments", [{"ragged": True}, {"optional": True}, {"dtype": "complex64"}, {"dtype": "str"}])
def test_inputs_not_implemented(arguments: dict[str, Any]) -> None:
    with pytest.raises(NotSupportedError, match=next(iter(arguments))):
        layers.Input((2,), **arguments)


def test_the_old_argument_warns() -> None:
    with pytest.warns(UserWarning, match="deprecated"):
        assert layers.InputLayer(input_shape=(3,)).batch_shape == (None, 3)
    assert layers.InputLayer(batch_input_shape=(2, 3)).batch_shape == (2, 3)
    with pytest.raises(ParameterError, match="Unrecognized keyword arguments passed to InputLayer: {'foo': 1}"):
        layers.InputLayer((3,), foo=1)


def test_config_makes_the_layer_again() -> None:
    layer = layers.InputLayer((3, 4), dtype="uint8", name="i")
    assert layers.InputLayer.from_config(layer.get_config()).get_config() == layer.get_config()


def test_a_layer_can_be_called_on_it() -> None:
    tensor = layers.Input((2,))
    assert layers.Dense(3)(tensor).shape == (None, 3)
    assert tensor.layer.output is tensor
