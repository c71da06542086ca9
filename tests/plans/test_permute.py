"""What a permutation becomes; `tests/ops/test_permute.py` checks what it computes."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.plans.permute import permute
from convcore.plans.steps import Steps

SHAPE = (5, 7, 2, 3)


NAMES = ("n", "oh", "ow", "ih", "iw", "ic")


def lengths(steps: Steps) -> list[tuple[int, ...]]:
    return [tuple(int(fields[name]) for name in NAMES) for _, fields, _, _ in steps.steps]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((0, 1, 2, 3), (1, 1, 1, 1, 210, 1)),
        ((0, 3, 1, 2), (1, 1, 5, 14, 3, 1)),
        ((0, 2, 3, 1), (1, 1, 5, 7, 6, 1)),
        ((0, 2, 1, 3), (1, 1, 5, 7, 2, 3)),
        ((1, 2, 3, 0), (1, 1, 1, 5, 42, 1)),
        ((0, 3, 2, 1), (1, 5, 2, 7, 3, 1)),
        ((3, 2, 1, 0), (1, 2, 7, 5, 3, 1)),
    ],
)
def test_a_permutation_exchanges_two_axes_in_one_step(order: tuple[int, ...], expected: tuple[int, ...]) -> None:
    steps = Steps()
    x, y = steps.external(-1), steps.external(-1, written=True)
    permute(steps, SHAPE, order, x, y)
    assert lengths(steps) == [expected]
    assert steps.steps[0][2] == [x, y]
    assert steps.layout.size == 0


def test_axes_of_length_one_cost_nothing() -> None:
    steps = Steps()
    permute(steps, (4, 1, 6), (0, 2, 1), steps.external(-1), steps.external(-1, written=True))
    assert lengths(steps) == [(1, 1, 1, 1, 24, 1)]


def test_more_axes_than_a_step_walks_through_are_steps_of_their_own() -> None:
    steps = Steps()
    x, y = steps.external(-1), steps.external(-1, written=True)
    permute(steps, (2, 3, 4, 5, 6, 7, 8), (6, 5, 4, 3, 2, 1, 0), x, y)
    assert lengths(steps) == [(6, 5, 4, 2, 8, 1)] * 21 or lengths(steps) == [(5, 4, 3, 2, 8, 1)] * 42
    assert len({(source, target) for _, _, (source, target), _ in steps.steps}) == len(steps.steps)
    assert steps.layout.size == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", [(0, 2, 3, 1), (0, 3, 1, 2), (3, 2, 1, 0), (0, 1, 2, 3), (1, 0, 3, 2)])
def test_parts_of_larger_arrays(order: tuple[int, ...], dtype: str) -> None:
    """A part of x goes to a part of y, and nothing else of y is written."""
    for part in ((2, 3, 4, 5), (1, 3, 1, 5), (2, 1, 4, 1), (1, 1, 1, 1), (3, 17, 2, 33)):
        whole = tuple(size + 2 for size in part)
        target = [whole[axis] for axis in order]
        x = np.arange(np.prod(whole), dtype=dtype).reshape(whole)
        y = np.full(target, -1, dtype)
        expected, inside = y.copy(), tuple(slice(1, 1 + size) for size in part)
        expected[tuple(inside[axis] for axis in order)] = x[inside].transpose(order)
        x_steps, y_steps = ([step // x.itemsize for step in array.strides] for array in (x, y))
        steps = Steps(dtype)
        places = steps.external(x.nbytes), steps.external(y.nbytes, written=True)
        source, into = (
            place.at(sum(each) * x.itemsize) for place, each in zip(places, (x_steps, y_steps), strict=True)
        )
        permute(steps, part, order, source, into, x_steps=x_steps, y_steps=y_steps)
        steps.build().run((x, y))
        np.testing.assert_array_equal(y, expected)
