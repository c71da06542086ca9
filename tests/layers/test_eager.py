"""Layers on arrays at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers
from convcore.errors import DTypeError, ShapeError, StateError
from convcore.layers.eager import as_float32


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float64", ">f4", "bool"])
def test_real_numbers_are_cast(dtype: str) -> None:
    array = as_float32(np.array([0, 1], dtype=dtype), "x")
    assert array.dtype == np.float32
    assert array.tolist() == [0, 1]


@pytest.mark.parametrize("bad", [np.zeros(2, complex), ["a"], [None], np.array([{}], object)])
def test_other_dtypes_are_refused(bad: Any) -> None:
    with pytest.raises(DTypeError, match="dtype .* is not allowed"):
        as_float32(bad, "x")


def test_ragged_lists_are_refused() -> None:
    with pytest.raises(ShapeError, match="equal lengths"):
        layers.Dense(2)([[1.0, 2.0], [3.0]])


def test_a_number_is_no_batch() -> None:
    with pytest.raises(ShapeError, match="single number"):
        layers.Rescaling(2.0)(3.0)


@pytest.mark.parametrize("view", [lambda x: x[::2], lambda x: x[:, ::-1], lambda x: x.transpose(0, 2, 1, 3)])
def test_views_give_what_their_copies_give(view: Any) -> None:
    x = view(np.random.default_rng(0).standard_normal((4, 6, 6, 2)).astype(np.float32))
    layer = layers.Conv2D(3, 3)
    np.testing.assert_array_equal(layer(x), layer(x.copy()))


def test_changed_shapes_compile_anew() -> None:
    layer = layers.Conv2D(3, 3)
    for size in (5, 8, 5):
        assert layer(np.zeros((2, size, size, 1))).shape == (2, size - 2, size - 2, 3)


def test_threads_take_turns() -> None:
    layer = layers.Conv2D(8, 3)
    batches = [np.full((4, 12, 12, 1), value, np.float32) for value in range(4)]
    expected = [layer(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            for y, right in zip(pool.map(layer, batches), expected, strict=True):
                np.testing.assert_array_equal(y, right)


def test_set_weights_counts_at_the_next_call() -> None:
    layer = layers.Dense(1, use_bias=False)
    layer([[1.0, 2.0]])
    layer.set_weights([[[3.0], [4.0]]])
    assert layer([[1.0, 2.0]]).tolist() == [[11.0]]


def test_a_layer_keeps_computing_when_a_model_takes_its_weights() -> None:
    layer = layers.Dense(2)
    x = np.ones((1, 3), np.float32)
    before = layer(x)
    layer.forward(x)
    model = Sequential([layers.Input((3,)), layer])
    np.testing.assert_array_equal(model(x), before)
    layer.set_weights([np.ones((3, 2)), np.zeros(2)])
    assert layer(x).tolist() == model(x).tolist() == [[3.0, 3.0]]


def test_backward_after_the_weights_moved() -> None:
    layer = layers.Dense(2)
    x = np.ones((1, 3), np.float32)
    layer.forward(x)
    Sequential([layers.Input((3,)), layer])._parameters()
    with pytest.raises(StateError, match="forward"):
        layer.backward(np.ones((1, 2), np.float32))
