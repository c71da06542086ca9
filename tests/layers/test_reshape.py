"""Layers that only rearrange: their output, their gradient, the shapes and texts of Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers
from convcore.errors import DTypeError, ParameterError, ShapeError


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 7), (2,), (0, 3, 3)])
def test_each_sample_becomes_a_row(shape: tuple[int, ...]) -> None:
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    layer = layers.Flatten()
    y = layer(x)
    np.testing.assert_array_equal(y, x.reshape(shape[0], int(np.prod(shape[1:]))))
    assert y.shape == layer.compute_output_shape(shape)


def test_the_gradient_gets_the_shape_back() -> None:
    x = np.zeros((2, 3, 4), np.float32)
    layer = layers.Flatten()
    dy = np.arange(24, dtype=np.float32).reshape(2, 12)
    layer.forward(x)
    np.testing.assert_array_equal(layer.backward(dy), dy.reshape(2, 3, 4))


def test_unknown_sizes_stay_unknown() -> None:
    assert layers.Flatten().compute_output_shape((None, None, 4)) == (None, None)
    assert layers.Flatten().compute_output_shape((None, 3, 4)) == (None, 12)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3, 4), (2, 3), (2,)])
def test_channels_first_gives_the_order_of_channels_last(shape: tuple[int, ...]) -> None:
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    layer = layers.Flatten(data_format="channels_first")
    last = np.moveaxis(x, 1, -1) if len(shape) > 1 else x
    np.testing.assert_array_equal(layer.forward(x), last.reshape(2, -1))
    np.testing.assert_array_equal(layer.backward(last.reshape(2, -1)), x)


def _there_and_back(layer: Any, x: Any, expected: Any) -> None:
    """The output is `expected`, and its gradient goes back to the elements that it came from."""
    y = layer.forward(x)
    np.testing.assert_array_equal(y, expected)
    assert y.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_array_equal(layer.backward(y), x)
    twin = type(layer).from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()
    np.testing.assert_array_equal(twin(x), y)


@pytest.mark.parametrize("target", [(4, 3), (-1,), (2, -1), (3, -1, 2), (1, 12, 1), [6, 2]])
def test_reshape(target: Any) -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    _there_and_back(layers.Reshape(target), x, x.reshape(2, *target))


def test_reshape_of_single_numbers() -> None:
    x = np.arange(3, dtype=np.float32)
    _there_and_back(layers.Reshape((1, -1)), x, x.reshape(3, 1, 1))
    _there_and_back(layers.Reshape(()), x.reshape(3, 1), x)


def test_reshape_with_unknown_sizes() -> None:
    assert layers.Reshape((-1, 4)).compute_output_shape((None, None, 4)) == (None, None, 4)
    assert layers.Reshape((-1, 4)).compute_output_shape((None, 8)) == (None, 2, 4)


def test_reshape_texts() -> None:
    with pytest.raises(ParameterError, match=r"non-negative integer, or `-1` .* target_shape=\(-2, 5\)"):
        layers.Reshape((-2, 5))
    with pytest.raises(ParameterError, match=r"at most one unknown dimension \(-1\) .* target_shape=\(-1, -1, 5\)"):
        layers.Reshape((-1, -1, 5))
    text = r"total size of the tensor must be unchanged\. Received: input_shape=\(6,\), target_shape=\(5,\)"
    with pytest.raises(ShapeError, match=text):
        layers.Reshape((5,))(np.zeros((2, 6)))
    for target in ((4, -1), (0, -1)):
        with pytest.raises(ShapeError, match="input size cannot by divided by the specified dimensions"):
            layers.Reshape(target)(np.zeros((2, 6)))
    for value in (3, "12", (1.5,), (True,), (None, 3), (2**40,)):
        with pytest.raises(ParameterError, match="`target_shape` argument must be a tuple of integers"):
            layers.Reshape(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("dims", [(1,), (2, 1), (1, 2), (3, 1, 2), (2, 4, 1, 3), [2, 1, 3]])
def test_permute(dims: Any) -> None:
    shape = (2, 3, 4, 5, 6)[: len(dims) + 1]
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    layer = layers.Permute(dims)
    y = layer.forward(x)
    np.testing.assert_array_equal(y, x.transpose(0, *dims))
    assert y.shape == layer.compute_output_shape(shape)
    np.testing.assert_array_equal(layer.backward(y), x)
    assert layer.dims == tuple(dims)


def test_permute_texts() -> None:
    for dims in ((0, 1, 2), (1, 4, 2), (1, 1)):
        with pytest.raises(ParameterError, match="Invalid permutation argument `dims` for Permute Layer"):
            layers.Permute(dims)
    with pytest.raises(ShapeError, match="expected ndim=3"):
        layers.Permute((2, 1))(np.zeros((2, 3)))
    assert layers.Permute((2, 1)).compute_output_shape((None, None, 4)) == (None, 4, None)


@pytest.mark.parametrize("n", [1, 3, np.int64(2)])
def test_repeat_vector(n: int) -> None:
    x = np.arange(35, dtype=np.float32).reshape(5, 7)
    layer = layers.RepeatVector(n)
    y = layer.forward(x)
    np.testing.assert_array_equal(y, np.repeat(x[:, None], n, axis=1))
    assert y.shape == layer.compute_output_shape(x.shape)
    dy = np.arange(y.size, dtype=np.float32).reshape(y.shape)
    np.testing.assert_array_equal(layer.backward(dy), dy.sum(axis=1))


def test_repeat_vector_texts() -> None:
    for value in ("3", 3.5, [3], True):
        with pytest.raises(DTypeError, match="Expected an integer value for `n`, got <class"):
            layers.RepeatVector(value)  # type: ignore[arg-type]
    for number in (0, -1):
        with pytest.raises(ParameterError, match="Argument `n` should be a positive integer"):
            layers.RepeatVector(number)


def test_identity_alone_and_in_a_model_that_learns() -> None:
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    _there_and_back(layers.Identity(), x, x)
    model = Sequential([layers.Input((4,)), layers.Identity(), layers.Dense(1), layers.Identity()])
    model.compile(optimizer="sgd", loss="mse")
    before = model.get_weights()[0]
    model.train_on_batch(x, np.ones((3, 1)))
    assert (model.get_weights()[0] != before).all()
    np.testing.assert_array_equal(Sequential([layers.Input((4,)), layers.Identity()]).predict(x, verbose=0), x)
