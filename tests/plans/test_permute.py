"""What a permutation becomes; `tests/ops/test_permute.py` checks what it computes."""

from __future__ import annotations

import pytest

from convcore.plans.permute import permute
from convcore.plans.steps import Steps
from tests.plans.recorded import all_scratch_is_back

SHAPE = (5, 7, 2, 3)


@pytest.mark.parametrize(
    ("order", "swaps"),
    [
        ((0, 1, 2, 3), [(1, 1, 210, 1)]),
        ((0, 3, 1, 2), [(5, 14, 3, 1)]),
        ((0, 2, 3, 1), [(5, 7, 6, 1)]),
        ((0, 2, 1, 3), [(5, 7, 2, 3)]),
        ((1, 2, 3, 0), [(1, 5, 42, 1)]),
        ((0, 3, 2, 1), [(5, 14, 3, 1), (15, 7, 2, 1)]),
    ],
)
def test_a_permutation_is_a_few_exchanges_of_neighbours(
    order: tuple[int, ...], swaps: list[tuple[int, int, int, int]]
) -> None:
    steps = Steps()
    x, y = steps.external(-1), steps.external(-1, written=True)
    permute(steps, SHAPE, order, x, y)
    assert [tuple(fields[name] for name in ("n", "ih", "iw", "ic")) for _, fields, _, _ in steps.steps] == swaps
    assert (steps.steps[0][2][0], steps.steps[-1][2][1]) == (x, y)
    assert all_scratch_is_back(steps)


def test_axes_of_length_one_cost_nothing() -> None:
    steps = Steps()
    permute(steps, (4, 1, 6), (0, 2, 1), steps.external(-1), steps.external(-1, written=True))
    assert [fields for _, fields, _, _ in steps.steps] == [{"n": 1, "ih": 1, "iw": 24, "ic": 1}]
