"""Flatten as a layer."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import layers


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
