"""The data of a call: which dtypes are read as they are, and how a batch of each is gathered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.errors import ConvcoreError, DTypeError, ShapeError
from convcore.program import Feed, Graph, LossSpec, Runner
from convcore.variables import FlatParameters
from tests.layouts import layouts


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_the_engine_s_dtypes_are_not_copied(dtype: str) -> None:
    x = np.arange(12).reshape(4, 3).astype(dtype)
    feed = Feed(x)
    assert np.shares_memory(feed.x, x)
    assert feed.x.dtype == dtype
    assert feed.size == 4
    assert feed.order.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("dtype", ["float16", "int8", "int64", "bool", "uint16", ">f4", ">f8", "longdouble"])
def test_other_real_dtypes_are_converted_once(dtype: str) -> None:
    x = (np.arange(12).reshape(4, 3) % 2).astype(dtype)
    feed = Feed(x)
    assert feed.x.dtype == (np.float64 if dtype == ">f8" else np.float32)
    np.testing.assert_array_equal(feed.x, x)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "float16", "int64", "bool"])
def test_batches_of_each_dtype_in_order(dtype: str) -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2 if dtype == "bool" else 100, (9, 5, 3)).astype(dtype)
    graph = Graph((5, 3))
    graph.output = graph.add("scale_shift", graph.input, scale=2, offset=1)
    runner = Runner(graph, FlatParameters([]))
    feed = Feed(x)
    np.testing.assert_array_equal(runner.predict(feed, 2, 4), 2 * x[2:6].astype(np.float32) + 1)
    np.testing.assert_array_equal(runner.predict(feed, 8, 1), 2 * x[8:].astype(np.float32) + 1)


def test_batches_in_an_order_of_their_own() -> None:
    x = np.arange(30, dtype=np.uint8).reshape(10, 3)
    graph = Graph((3,))
    graph.output = graph.input
    runner = Runner(graph, FlatParameters([]), loss=LossSpec("mean_squared_error"))
    feed = Feed(x, x.astype(np.float64), np.arange(10))
    feed.order[:] = np.random.default_rng(2).permutation(10)
    assert runner.test(feed, 3, 5) == 0  # rows and targets are gathered alike
    np.testing.assert_array_equal(runner.output, x[feed.order[3:8]])
    np.testing.assert_array_equal(feed.targets(3, 5), x[feed.order[3:8]])
    shifted = Feed(x, x + 1.0, np.arange(10))
    shifted.order[:] = feed.order
    assert runner.test(shifted, 3, 5) == pytest.approx(feed.order[3:8].mean())  # and so are the weights


def test_layouts_change_nothing() -> None:
    x = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
    for form, shaped in layouts(x).items():
        feed = Feed(shaped, shaped[:, 0, 0])
        np.testing.assert_array_equal(feed.x, x, err_msg=form)
        np.testing.assert_array_equal(feed.targets(0, 4), x[:, 0, 0], err_msg=form)
        assert feed.x.flags.c_contiguous, form
        assert feed.x.flags.aligned, form
        assert feed.x.dtype.isnative, form


@pytest.mark.parametrize(
    ("y", "kernel"),
    [([0, 1, 2], "int32"), (np.zeros(3, np.uint8), "int32"), ([0.5, 1, 2], "float32"), (np.zeros((3, 2)), "float32")],
)
def test_targets_for_the_kernels(y: Any, kernel: str) -> None:
    feed = Feed(np.zeros((3, 2)), y, [1, 2, 3])
    ((targets,), (weights,)) = feed.kernel_ys, feed.kernel_weights
    assert targets is not None
    assert targets.dtype == kernel
    assert weights is not None
    assert weights.dtype == np.float32


def test_several_inputs_and_outputs_come_as_tuples() -> None:
    first, second = np.arange(8, dtype=np.uint8).reshape(4, 2), np.arange(4.0)
    feed = Feed((first, second), (np.array([0, 1, 2, 3]), None, second), (None, None, second))
    assert feed.kinds == (0, 2)
    assert [None if y is None else y.dtype for y in feed.kernel_ys] == [np.int32, None, np.float32]
    assert [weights is None for weights in feed.kernel_weights] == [True, True, False]
    np.testing.assert_array_equal(feed.targets(1, 2, 2), second[1:3])
    assert feed.y is None
    with pytest.raises(ShapeError, match="x has 4 samples but x"):
        Feed((first, second[:3]))


@pytest.mark.parametrize(
    ("arguments", "error", "word"),
    [
        ((3.0,), ShapeError, "x"),
        (([[1], [1, 2]],), ShapeError, "x"),
        ((np.zeros(3, complex),), DTypeError, "x"),
        ((["a", "b"],), DTypeError, "x"),
        ((np.zeros(3), np.zeros(2)), ShapeError, "x has 3 samples but y"),
        ((np.zeros(3), 1), ShapeError, "y"),
        ((np.zeros(3), ["a"] * 3), DTypeError, "y"),
        ((np.zeros(3), np.zeros(3), np.zeros(2)), ShapeError, "sample_weight"),
        ((np.zeros(3), np.zeros(3), np.zeros((2, 3))), ShapeError, "sample_weight"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: Any, error: type[ConvcoreError], word: str) -> None:
    with pytest.raises(error, match=word):
        Feed(*arguments)


def test_there_may_be_no_targets() -> None:
    with pytest.raises(ShapeError, match="no targets"):
        Feed(np.zeros(3)).targets(0, 1)
