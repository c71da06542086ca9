"""Steps of merges against NumPy: on whole numbers to the bit, in both dtypes and for any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import runtime
from convcore.plans import merge
from convcore.plans.steps import Steps
from tests.checks import digest
from tests.reference import Array

COUNT = 3 * 4096 + 17
NUMPY: dict[str, Any] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "average": lambda x, y: (x + y) / 4,
}


def whole(seed: int, *shape: int, dtype: str = "float32") -> Array:
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(dtype)


def run(plan: Any, dtype: str, *arrays: Array, written: Array) -> Array:
    """What `plan` writes into a copy of `written`, the same for 1, 2 and 3 threads."""
    steps = Steps(dtype)
    plan(steps, *[steps.external(a.nbytes) for a in arrays], steps.external(written.nbytes, written=True))
    program, results = steps.build(), []
    for threads in (1, 2, 3):
        result = written.copy()
        with runtime.threads(threads):
            program.run((*arrays, result))
        results.append(result)
    assert len({digest([result]) for result in results}) == 1
    return results[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", merge.MERGES)
def test_two_into_one(name: str, dtype: str) -> None:
    x, y = whole(1, COUNT, dtype=dtype), whole(2, COUNT, dtype=dtype)
    x[5], y[7] = np.nan, np.nan

    def plan(steps: Steps, *places: Any) -> None:
        merge.merge(steps, name, COUNT, *places, divisor=4.0)

    np.testing.assert_array_equal(run(plan, dtype, x, y, written=np.empty_like(x)), NUMPY[name](x, y))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_the_gradient_of_an_extremum_is_shared_at_ties(name: str, dtype: str) -> None:
    """As PyTorch and JAX share it: both gradients are dz together."""
    dz, x, y = (whole(seed, COUNT, dtype=dtype) for seed in (1, 2, 3))
    dx, dy = (
        run(
            lambda steps, *places: merge.extremum_backward(steps, name, COUNT, *places),
            dtype, dz, *pair, written=np.empty_like(x),
        )
        for pair in ((x, y), (y, x))
    )  # fmt: skip
    np.testing.assert_array_equal(dx + dy, dz)
    np.testing.assert_array_equal(dx[x == y], dz[x == y] / 2)
    np.testing.assert_array_equal(dx != 0, (dz != 0) & (NUMPY[name](x, y) == x))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(5, 7, 1), (5, 700, 3), (2, 65, 300), (3, 1, 9), (40, 3, 5), (1, 5000, 1)])
def test_repeated_axes_and_their_sums(shape: tuple[int, int, int], dtype: str) -> None:
    n, _, columns = shape
    x, dy = whole(1, n, columns, dtype=dtype), whole(2, *shape, dtype=dtype)
    y = run(lambda steps, *p: merge.repeat(steps, *shape, *p), dtype, x, written=np.empty(shape, dtype))
    np.testing.assert_array_equal(y, np.broadcast_to(x[:, None], shape))
    dx = run(lambda steps, *p: merge.repeat_backward(steps, *shape, *p), dtype, dy, written=np.empty_like(x))
    np.testing.assert_array_equal(dx, dy.sum(axis=1))


def test_the_sums_are_as_near_as_chunks_make_them() -> None:
    dy = np.random.default_rng(3).standard_normal((2, 10000, 1)).astype(np.float32)
    dx = run(lambda steps, *p: merge.repeat_backward(steps, 2, 10000, 1, *p), "float32", dy, written=dy[:, 0].copy())
    bound = (10000 / 16 + 5) * 2.0**-24 * np.abs(dy).sum(axis=1)
    assert (np.abs(dx - dy.sum(axis=1, dtype=np.float64)) <= bound).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("rows", "columns", "of", "to"), [(1, 1, 1, 3), (50, 300, 300, 310), (9, 5000, 5001, 5000)])
def test_columns_are_copied(rows: int, columns: int, of: int, to: int, dtype: str) -> None:
    x, y = whole(1, rows, of, dtype=dtype), whole(2, rows, to, dtype=dtype)

    def plan(steps: Steps, *p: Any) -> None:
        merge.copy_columns(steps, rows, columns, p[0], of, p[1], to)

    expected = y.copy()
    expected[:, :columns] = x[:, :columns]
    np.testing.assert_array_equal(run(plan, dtype, x, written=y), expected)


def test_a_sum_in_place() -> None:
    x, y = whole(1, COUNT), whole(2, COUNT)
    steps = Steps()
    places = steps.external(x.nbytes, written=True), steps.external(y.nbytes)
    merge.add(steps, COUNT, *places, places[0])
    result = x.copy()
    steps.build().run((result, y))
    np.testing.assert_array_equal(result, x + y)
