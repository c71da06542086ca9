"""What noise becomes; `tests/layers/test_dropout.py` and `test_gaussian.py` check what it computes."""

from __future__ import annotations

import pytest

from convcore.plans import noise
from convcore.plans.steps import Steps
from tests.plans.recorded import all_scratch_is_back, kernels


@pytest.mark.parametrize(
    ("noise_shape", "repeats", "sizes"),
    [
        ((2, 1, 1, 5), 0, (2, 12, 5)),
        ((2, 3, 1, 1), 0, (6, 20, 1)),
        ((1, 3, 4, 5), 0, (1, 2, 60)),
        ((1, 3, 1, 5), 1, (1, 2, 60)),
        ((2, 1, 4, 1), 1, (2, 3, 20)),
        ((1, 3, 1, 1), 1, (1, 2, 60)),
        ((1, 1, 1, 1), 0, (1, 120, 1)),
        ((2, 3, 4, 5), 0, (1, 1, 120)),
    ],
)
def test_neighbouring_axes_are_one(noise_shape: tuple[int, ...], repeats: int, sizes: tuple[int, int, int]) -> None:
    steps = Steps()
    x, state, y = (steps.external(-1) for _ in range(3))
    noise.shared_dropout(steps, (2, 3, 4, 5), noise_shape, x, state, y, key=1, rate=0.5, scale=2.0)
    assert kernels(steps) == ["dropout", *["repeat"] * repeats, "scale_rows"]
    fields = steps.steps[-1][1]
    assert (fields["n"], fields["ow"], fields["oc"]) == sizes
    assert all_scratch_is_back(steps)


def test_axes_of_one_element_are_left_out() -> None:
    steps = Steps()
    x, state, y = (steps.external(-1) for _ in range(3))
    noise.shared_dropout(steps, (2, 1, 4, 1), (2, 1, 1, 1), x, state, y, key=1, rate=0.5, scale=2.0)
    fields = steps.steps[-1][1]
    assert (fields["n"], fields["ow"], fields["oc"]) == (2, 4, 1)


def test_one_number_each_is_one_step() -> None:
    steps = Steps()
    x, state, y = (steps.external(-1) for _ in range(3))
    noise.dropout(steps, 10, x, state, y, key=1, rate=0.5, scale=2.0)
    noise.normal_noise(steps, 10, x, state, y, key=1, stddev=0.5, multiply=True)
    assert kernels(steps) == ["dropout", "normal_noise"]
