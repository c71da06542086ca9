"""`convcore.ops.max_pool2d` and its backward."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import ops, runtime
from tests import sliding
from tests.cases import EDGE_POOLS, SEED_POOLS, THREADED_POOLS, Pool, random_pools
from tests.checks import check_whole_pool, digest, normals
from tests.layouts import layouts


@pytest.mark.parametrize("case", EDGE_POOLS, ids=str)
def test_edges(case: Pool) -> None:
    check_whole_pool(case, 1, threads=(1, 3))


@pytest.mark.parametrize("part", range(5))
def test_random(part: int) -> None:
    for number, case in enumerate(random_pools(300 + part, 200)):
        check_whole_pool(case, number)


@pytest.mark.parametrize("case", [*SEED_POOLS, *THREADED_POOLS], ids=str)
def test_with_threads(case: Pool) -> None:
    check_whole_pool(case, 2, threads=(1, 2, 3, 5))


@pytest.mark.parametrize("case", random_pools(310, 60), ids=str)
def test_gradient_bits_of_real_numbers(case: Pool) -> None:
    """Where windows overlap the sum runs in the order of the windows, whatever the threads."""
    x, dy = normals(3, case.input_shape, case.output_shape)
    _, indices = ops.max_pool2d(x, return_indices=True, **case.arguments)
    digests = set()
    for count in (1, 2, 5):
        with runtime.threads(count):
            digests.add(digest([ops.max_pool2d_backward(dy, indices, x.shape, **case.arguments)]))
    assert len(digests) == 1


@pytest.mark.parametrize("pool", [2, 3, (3, 2)])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_special_value_wins_at_every_place(pool: int | tuple[int, int], value: float) -> None:
    size = pool if isinstance(pool, tuple) else (pool, pool)
    for channels in (1, 4, 15, 16, 17, 33):
        for place in np.ndindex(*size):
            (x,) = normals(4, (1, *size, channels))
            x[0, place[0], place[1]] = value
            y, indices = ops.max_pool2d(x, pool, return_indices=True)
            np.testing.assert_array_equal(y, np.full((1, 1, 1, channels), value, np.float32))
            assert (indices == place[0] * size[1] + place[1]).all()


@pytest.mark.parametrize("case", [c for c in EDGE_POOLS[:13] if c.n], ids=str)
def test_special_values_anywhere(case: Pool) -> None:
    """The first NaN wins, else the first maximum; a window of -inf has an index inside the image."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        choices = np.array([np.nan, -np.inf, -np.inf, -np.inf, 0.0, -0.0, 1.0, np.inf], np.float32)
        x = rng.choice(choices, case.input_shape)
        y, indices = ops.max_pool2d(x, return_indices=True, **case.arguments)
        value, index = sliding.max_pool2d(x, **case.oracle_arguments)
        np.testing.assert_array_equal(y, value)
        np.testing.assert_array_equal(indices, index)


@pytest.mark.parametrize("value", [np.nan, -np.inf, 0.0])
def test_equal_windows_give_the_first_element_the_gradient(value: float) -> None:
    x = np.full((2, 6, 6, 19), value, np.float32)
    for pool, stride in ((2, 2), (3, 2), (3, 1)):
        y, indices = ops.max_pool2d(x, pool, stride=stride, return_indices=True)
        np.testing.assert_array_equal(y, np.full(y.shape, value, np.float32))
        rows, columns = np.indices(y.shape)[1:3]
        np.testing.assert_array_equal(indices, rows * stride * 6 + columns * stride)
        dx = ops.max_pool2d_backward(np.ones_like(y), indices, x.shape, pool_size=pool, stride=stride)
        assert dx.sum() == y.size


def test_overlapping_windows_add_up() -> None:
    x = np.zeros((1, 5, 5, 1), np.float32)
    x[0, 2, 2] = 1
    y, indices = ops.max_pool2d(x, 3, stride=2, return_indices=True)
    dx = ops.max_pool2d_backward(np.ones_like(y), indices, x.shape, pool_size=3, stride=2)
    assert dx[0, 2, 2, 0] == 4


def test_padding_never_wins() -> None:
    x = np.full((1, 4, 4, 17), -5, np.float32)
    np.testing.assert_array_equal(ops.max_pool2d(x, 3, stride=1, padding=1), x)
    np.testing.assert_array_equal(ops.max_pool2d(x, 3, stride=1, padding="same"), x)


@pytest.mark.parametrize("case", [c for c in EDGE_POOLS[:13] if c.n], ids=str)
def test_layouts(case: Pool) -> None:
    x, dy = normals(6, case.input_shape, case.output_shape)
    y, indices = ops.max_pool2d(x, return_indices=True, **case.arguments)
    dx = ops.max_pool2d_backward(dy, indices, x.shape, **case.arguments)
    for form, shaped in layouts(x).items():
        assert digest(ops.max_pool2d(shaped, return_indices=True, **case.arguments)) == digest([y, indices]), form
        again = ops.max_pool2d_backward(layouts(dy)[form], layouts(indices)[form], x.shape, **case.arguments)
        assert digest([again]) == digest([dx]), form


def test_the_batch_may_be_split() -> None:
    case = THREADED_POOLS[1]
    (x,) = normals(7, case.input_shape)
    y = ops.max_pool2d(x, **case.arguments)
    for n in range(case.n):
        assert digest([ops.max_pool2d(x[n : n + 1], **case.arguments)]) == digest([y[n : n + 1]])


def test_float64() -> None:
    x = np.random.default_rng(8).standard_normal((2, 6, 6, 5))
    y, indices = ops.max_pool2d(x, return_indices=True)
    value, index = sliding.max_pool2d(x, (2, 2), stride=(2, 2), pads=((0, 0), (0, 0)))
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, value)
    np.testing.assert_array_equal(indices, index)
    dx = ops.max_pool2d_backward(y, indices, x.shape)
    assert dx.dtype == np.float64
    np.testing.assert_array_equal(dx, sliding.max_pool2d_backward(y, index, x.shape))
