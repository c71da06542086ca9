"""Random garbage in every argument: a named error or an answer of the right shape, whatever Hypothesis thinks of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from convcore import ops, runtime, shapes
from convcore.errors import ConvcoreError
from tests.cases import Conv, Pool
from tests.reference import Array

NUMBERS = [-1, 0, 1, 2, 3, 5, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, -(2**63), 1.5, math.nan, math.inf, -0.0]
ODDITIES = [
    None,
    True,
    False,
    "1",
    "same",
    "valid",
    "SAME",
    "samee",
    b"same",
    [],
    (),
    {},
    set(),
    object(),
    np.float32(1),
]
ODDITIES += [np.int64(2), np.uint64(2**64 - 1), np.array([1, 2]), np.array(2), np.zeros((0,)), 1j, int, "\0"]

scalar = st.sampled_from(NUMBERS + ODDITIES)
garbage = st.recursive(scalar, lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner), max_leaves=6)
small_shape = st.lists(st.integers(0, 5), max_size=6).map(tuple)
dtypes = st.sampled_from(["f4", "f8", "f2", "i4", "u1", "?", "c8", "O", "U1", "M8[s]", ">f4", "V4"])
arrays = st.builds(lambda shape, kind: np.zeros(shape, kind), small_shape, dtypes) | garbage
# Half of all calls have good arrays, so that the geometry is what is tried.
images = st.just(np.ones((1, 6, 5, 2), np.float32)) | arrays
kernels = st.just(np.ones((2, 3, 2, 4), np.float32)) | arrays
rounds = settings(max_examples=400, deadline=2000, derandomize=True, database=None)


def attempt(call: Any, *arguments: Any, **keywords: Any) -> Any:
    """The result, or None if the call was refused by an error of ours that says something."""
    try:
        return call(*arguments, **keywords)
    except ConvcoreError as error:
        if not 0 < len(str(error)) < 2000:
            raise AssertionError("an error without a readable message") from error
        return None


@rounds
@given(images, kernels, st.none() | arrays, garbage, garbage, garbage, garbage)
def test_conv2d(x: Any, w: Any, bias: Any, stride: Any, padding: Any, dilation: Any, activation: Any) -> None:
    for keywords in ({"stride": stride}, {"padding": padding}, {"dilation": dilation}, {"activation": activation}, {}):
        attempt(ops.conv2d, x, w, bias, **keywords)
    y = attempt(ops.conv2d, x, w, None, stride=stride, padding=padding, dilation=dilation)
    assert y is None or (isinstance(y, np.ndarray) and y.ndim == 4)


@rounds
@given(images, kernels, arrays | garbage, garbage, garbage)
def test_conv2d_backwards(a: Any, b: Any, shape: Any, stride: Any, padding: Any) -> None:
    for keywords in ({"stride": stride}, {"padding": padding}, {}):
        attempt(ops.conv2d_backward_data, a, b, shape, **keywords)
        attempt(ops.conv2d_backward_weights, a, b, shape, **keywords)


@rounds
@given(images, garbage, garbage, garbage)
def test_max_pool2d(x: Any, size: Any, stride: Any, padding: Any) -> None:
    y = attempt(ops.max_pool2d, x, size, stride=stride, padding=padding)
    assert y is None or (isinstance(y, np.ndarray) and y.ndim == 4)
    attempt(ops.max_pool2d, x, size)
    attempt(ops.max_pool2d, x, stride=stride)
    attempt(ops.max_pool2d, x, padding=padding)


@rounds
@given(st.integers(-(2**63), 2**63 - 1) | st.integers(-2, 40), st.integers(0, 26), arrays, garbage)
def test_max_pool2d_backward(index: int, place: int, dy: Any, shape: Any) -> None:
    x = np.zeros((1, 6, 6, 3), np.float32)
    y, indices = ops.max_pool2d(x, return_indices=True)
    attempt(ops.max_pool2d_backward, dy, indices, x.shape)
    attempt(ops.max_pool2d_backward, y, dy, x.shape)
    attempt(ops.max_pool2d_backward, y, indices, shape)
    indices.flat[place] = index
    dx = attempt(ops.max_pool2d_backward, np.ones_like(y), indices, x.shape)
    assert dx is None if not 0 <= index < 36 else dx.sum() == y.size


@rounds
@given(arrays, arrays, arrays, garbage)
def test_dense_and_the_rest(a: Any, b: Any, c: Any, activation: Any) -> None:
    attempt(ops.dense, a, b, c, activation=activation)
    attempt(ops.dense_backward_data, a, b)
    attempt(ops.dense_backward_weights, a, b)
    for op in (ops.relu, ops.sigmoid, ops.tanh, ops.softmax):
        attempt(op, a)
    attempt(ops.relu_backward, a, b)
    attempt(ops.softmax_backward, a, b)
    attempt(ops.softmax_cross_entropy, a, b)


@rounds
@given(garbage)
def test_runtime_and_shapes(value: Any) -> None:
    before = runtime.get_num_threads()
    attempt(runtime.set_num_threads, value)
    runtime.set_num_threads(before)
    attempt(shapes.pair, "stride", value)
    attempt(shapes.integer, "count", value, 0)


sizes = st.integers(1, 9)
pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
paddings = st.sampled_from(["same", "valid"]) | st.integers(0, 4) | st.tuples(st.integers(0, 3), st.integers(0, 3))


@rounds
@given(sizes, sizes, pairs, pairs, pairs, paddings)
def test_output_shapes_are_the_oracles(h: int, w: int, kernel: Any, stride: Any, dilation: Any, padding: Any) -> None:
    """An output size below 1 is refused, any other is the formula's."""
    case = Conv("any", 1, h, w, 1, 1, kernel, stride, padding, dilation)
    y = attempt(
        ops.conv2d, np.ones(case.input_shape, np.float32), np.ones(case.kernel_shape, np.float32), **case.arguments
    )
    expected = case.output_shape
    assert y is None if min(expected) < 1 else y.shape == expected
    pool = Pool("any", 1, h, w, 1, kernel, stride, padding if isinstance(padding, str) else "valid")
    pooled: Array | None = attempt(ops.max_pool2d, np.ones(pool.input_shape, np.float32), **pool.arguments)
    assert pooled is None if min(pool.output_shape) < 1 else pooled is not None and pooled.shape == pool.output_shape
