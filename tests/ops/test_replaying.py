"""A call that is done again gives the bits of one that goes the whole way, and is refused where that is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convcore import ops
from convcore.errors import ConvcoreError, DTypeError, NotSupportedError, ParameterError, ResourceLimitError, ShapeError
from convcore.ops import replaying

Array = Any


def normals(seed: int, *shape: int, dtype: str = "float32") -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


# Each makes the arguments of a call of one kind from a seed.
CALLS: dict[str, Callable[[int], tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "relu": lambda s: ((normals(s, 3, 5),), {}),
    "activation": lambda s: ((normals(s, 3, 5), "leaky_relu"), {"negative_slope": 0.5}),
    "activation_backward": lambda s: ((normals(s, 3, 5), normals(s + 9, 3, 5), "gelu"), {}),
    "relu_backward": lambda s: ((), {"dy": normals(s, 7), "y": normals(s + 9, 7)}),
    "softmax": lambda s: ((normals(s, 3, 5, dtype="float64"),), {"axis": 0}),
    "log_softmax_backward": lambda s: ((normals(s, 3, 5), normals(s + 9, 3, 5)), {}),
    "dense": lambda s: ((normals(s, 3, 5), normals(s + 9, 5, 4), normals(s, 4)), {"activation": "relu"}),
    "dense_backward_weights": lambda s: ((normals(s, 3, 5), normals(s + 9, 3, 4)), {}),
    "conv2d": lambda s: ((normals(s, 2, 6, 7, 3), normals(s + 9, 3, 3, 3, 4)), {"stride": (2, 1), "padding": "same"}),
    "conv2d_backward_data": lambda s: ((normals(s, 2, 4, 5, 4), normals(s + 9, 3, 3, 3, 4), (2, 6, 7, 3)), {}),
    "conv2d_backward_weights": lambda s: ((normals(s, 2, 6, 7, 3), normals(s + 9, 2, 4, 5, 4), (3, 3, 3, 4)), {}),
    "conv2d_transpose": lambda s: ((normals(s, 2, 4, 5, 4), normals(s + 9, 3, 3, 2, 4)), {"stride": 2}),
    "conv1d": lambda s: ((normals(s, 2, 3, 7), normals(s + 9, 3, 3, 4)), {"data_format": "channels_first"}),
    "depthwise_conv2d": lambda s: ((normals(s, 2, 6, 7, 3), normals(s + 9, 3, 3, 3, 2)), {}),
    "depthwise_conv2d_backward_weights": lambda s: (
        (normals(s, 2, 6, 7, 3), normals(s + 9, 2, 4, 5, 3), (3, 3, 3, 1)),
        {},
    ),
    "separable_conv2d": lambda s: (
        (normals(s, 1, 5, 5, 3), normals(s + 9, 3, 3, 3, 2), normals(s + 8, 1, 1, 6, 4)),
        {},
    ),
    "max_pool2d": lambda s: ((normals(s, 2, 6, 7, 3),), {"pool_size": 3, "stride": 2, "return_indices": True}),
    "avg_pool2d": lambda s: ((normals(s, 2, 6, 7, 3), (2, 3)), {"padding": "same", "ceil_mode": True}),
    "avg_pool2d_backward": lambda s: ((normals(s, 2, 3, 3, 3), (2, 6, 7, 3)), {}),
    "global_avg_pool2d": lambda s: ((normals(s, 2, 3, 6, 7),), {"data_format": "channels_first", "keepdims": True}),
    "affine_transform": lambda s: (
        (normals(s, 2, 5, 6, 3), np.array([1, 0.1 * s, 0.5, 0, 1, -s, 0, 0], np.float32), "nearest", "wrap"),
        {"size": (4, 7)},
    ),
    "affine_transform_backward": lambda s: (
        (normals(s, 2, 5, 6, 3), np.array([1, 0.1 * s, 0.5, 0, 1, -s, 0, 0], np.float32)),
        {"size": (4, 7)},
    ),
    "permute": lambda s: ((normals(s, 2, 6, 7, 3), (3, 1, 0, 2)), {}),
    "zero_pad2d": lambda s: ((normals(s, 2, 3, 4, 3), ((1, 2), (0, 3))), {}),
    "upsample2d": lambda s: ((normals(s, 2, 3, 4, 3),), {"interpolation": "bilinear"}),
    "unfold": lambda s: ((normals(s, 2, 6, 7, 3), 3), {}),
}


def listed(results: Any) -> list[Array]:
    return list(results) if isinstance(results, tuple) else [results]


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often an op went the whole way so far, in one element."""
    count = [0]
    run = replaying.noted_run

    def counted(*args: Any) -> None:
        count[0] += 1
        run(*args)

    monkeypatch.setattr("convcore.ops.running.noted_run", counted)
    return count


@pytest.mark.parametrize("name", CALLS)
def test_the_second_call_of_a_kind_is_as_the_first(name: str, programs: list[int]) -> None:
    op = getattr(ops, name)
    args, words = CALLS[name](0)
    op(*args, **words)
    for seed in (1, 2):
        args, words = CALLS[name](seed)
        before = programs[0]
        again = listed(op(*args, **words))
        assert programs[0] == before, "it went the whole way"
        expected = listed(op.__wrapped__(*args, **words))
        for result, wanted in zip(again, expected, strict=True):
            assert (result.shape, result.dtype) == (wanted.shape, wanted.dtype)
            np.testing.assert_array_equal(result, wanted)
    assert not any(np.shares_memory(a, b) for a in listed(op(*args, **words)) for b in again)


def test_a_result_belongs_to_one_call() -> None:
    x = normals(0, 4, 4)
    first, second = ops.tanh(x), ops.tanh(x)
    first[:] = 0
    np.testing.assert_array_equal(second, ops.tanh(x))


def test_equal_arguments_of_another_kind_are_another_call() -> None:
    x = normals(0, 1, 6, 6, 2)
    assert ops.max_pool2d(x, 2, stride=1).shape == (1, 5, 5, 2)
    for words in ({"stride": True}, {"stride": 1.0}, {"stride": (1.0, 1)}, {"stride": (True, 1)}, {"stride": "1"}):
        with pytest.raises(ParameterError, match="stride"):
            ops.max_pool2d(x, 2, **words)
    assert ops.max_pool2d(x, 2, ceil_mode=True).shape == (1, 3, 3, 2)
    with pytest.raises(ParameterError, match="ceil_mode"):
        ops.max_pool2d(x, 2, ceil_mode=1)  # type: ignore[arg-type]
    y = normals(1, 8)
    assert ops.activation(y, "leaky_relu", negative_slope=1.0).tolist() == y.tolist()
    assert ops.activation(y, "leaky_relu", negative_slope=0.5).tolist() != y.tolist()


def test_an_array_in_the_place_of_a_number_is_read_each_time() -> None:
    x = normals(0, 1, 6, 6, 2)
    assert [ops.max_pool2d(x, 2, stride=np.array(s)).shape[1] for s in (1, 2, 4)] == [5, 3, 2]


def test_one_array_as_two_arguments_is_no_kind_of_its_own() -> None:
    """Which of the two a program reads is only seen where they differ."""
    twice, dy, y = normals(0, 11), normals(1, 11), normals(2, 11)
    np.testing.assert_array_equal(ops.relu_backward(twice, twice), np.maximum(twice, 0))
    np.testing.assert_array_equal(ops.relu_backward(dy, y), np.where(y > 0, dy, 0))
    np.testing.assert_array_equal(ops.relu_backward(twice, twice), np.maximum(twice, 0))


def test_other_shapes_dtypes_and_orders_are_other_calls() -> None:
    for x in (normals(0, 4, 6), normals(0, 6, 4), normals(0, 4, 6).T, normals(0, 4, 6, dtype="float64")):
        for _ in range(2):
            y = ops.relu(x)
            assert (y.shape, y.dtype) == (x.shape, x.dtype)
            np.testing.assert_array_equal(y, np.maximum(x, 0))
    with pytest.raises(DTypeError):
        ops.relu(normals(0, 4, 6).astype(">f4").astype(complex))
    assert ops.relu([[-1.0, 2.0]]).tolist() == ops.relu([[-1.0, 2.0]]).tolist() == [[0.0, 2.0]]
    assert [ops.relu(np.zeros((0, 3), np.float32)).shape for _ in range(2)] == [(0, 3)] * 2


def test_values_are_checked_at_every_call() -> None:
    x = normals(0, 1, 4, 4, 1)
    y, indices = ops.max_pool2d(x, 2, return_indices=True)
    for _ in range(2):
        ops.max_pool2d_backward(y, indices, x.shape, pool_size=2)
        ops.max_unpool2d(y, indices, 2)
    for wrong in (16, -1):
        indices[0, 1, 0, 0] = wrong
        for op in (
            lambda: ops.max_pool2d_backward(y, indices, x.shape, pool_size=2),
            lambda: ops.max_unpool2d(y, indices, 2),
        ):
            with pytest.raises(ShapeError, match=rf"indices\[0, 1, 0, 0\] is {wrong}: outside the plane of 4x4"):
                op()


def test_a_transform_is_checked_at_every_call() -> None:
    x, transform = normals(0, 1, 4, 4, 1), np.array([1, 0, 0, 0, 1, 0, 0, 0], np.float32)
    for _ in range(2):
        np.testing.assert_array_equal(ops.affine_transform(x, transform), x)
    for number, error in ((np.nan, ParameterError), (0.5, NotSupportedError)):
        transform[7] = number
        with pytest.raises(error):
            ops.affine_transform(x, transform)


def test_a_limit_of_memory_holds_for_calls_met_before(monkeypatch: pytest.MonkeyPatch) -> None:
    x = normals(0, 1000)
    ops.relu(x)
    ops.relu(x)
    monkeypatch.setenv("CONVCORE_MEMORY_LIMIT", "1000")
    with pytest.raises(ResourceLimitError):
        ops.relu(x)


def test_so_many_kinds_are_kept(monkeypatch: pytest.MonkeyPatch, programs: list[int]) -> None:
    monkeypatch.setattr(replaying, "KINDS", 2)
    op = replaying.replayed(ops.sigmoid.__wrapped__)  # type: ignore[attr-defined]
    for n in (1, 2, 3):
        op(normals(0, n))
    before = programs[0]
    op(normals(1, 3))
    assert programs[0] == before
    op(normals(1, 1))
    assert programs[0] == before + 1


def test_threads_do_not_see_what_others_watch() -> None:
    failures = []

    def work(seed: int) -> None:
        for n in range(1, 60):
            x, w = normals(seed, 1, 5, 6, n), normals(seed + 1, 2, 2, n, 3)
            expected = ops.conv2d.__wrapped__(x, w)  # type: ignore[attr-defined]
            failures.extend(n for _ in range(2) if not np.array_equal(ops.conv2d(x, w), expected))

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures


def test_an_error_while_watched_leaves_nothing_behind() -> None:
    with pytest.raises(ConvcoreError):
        ops.conv2d(normals(0, 1, 5, 6, 2), normals(1, 2, 2, 3, 3))
    x, w = normals(0, 1, 5, 6, 3), normals(1, 2, 2, 3, 3)
    assert ops.conv2d(x, w).shape == ops.conv2d(x, w).shape == (1, 4, 5, 3)
