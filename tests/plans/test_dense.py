"""What a dense layer becomes; `tests/ops/test_dense.py` checks what it computes."""

from __future__ import annotations

import pytest

from convcore.plans import dense
from convcore.plans.steps import Steps
from tests.plans.recorded import all_scratch_is_back, kernels


def test_forward_is_one_step_with_its_bias_and_relu() -> None:
    steps = Steps()
    x, w, bias, y = (steps.external(-1) for _ in range(4))
    dense.forward(steps, 5, 3, 2, x, w, bias, y, relu=True)
    ((kernel, fields, buffers, work),) = steps.steps
    assert (kernel, fields, buffers) == ("dense_forward", {"n": 5, "ic": 3, "oc": 2, "relu": 1}, [x, w, bias, y])
    assert work == 30


def test_the_gradient_of_a_few_rows_takes_the_weights_as_they_are() -> None:
    steps = Steps()
    dy, w, dx = (steps.external(-1) for _ in range(3))
    dense.backward_data(steps, dense.FEW_ROWS, 3, 2, dy, w, dx)
    ((kernel, fields, buffers, work),) = steps.steps
    assert (kernel, fields, buffers) == ("dense_backward_data", {"n": 8, "ic": 3, "oc": 2}, [dy, w, dx])
    assert work == 48


def test_the_gradient_of_x_is_a_product_with_turned_weights() -> None:
    steps = Steps()
    dy, w, dx = (steps.external(-1) for _ in range(3))
    dense.backward_data(steps, 9, 3, 2, dy, w, dx)
    (turn, turned, (_, into), _), (product, fields, (source, factor, bias, target), _) = steps.steps
    assert (turn, turned) == ("dense_turn_weights", {"ic": 3, "oc": 2})
    assert (product, fields) == ("dense_forward", {"n": 9, "ic": 2, "oc": 3, "relu": 0})
    assert (source, factor, bias, target) == (dy, into, None, dx)
    assert all_scratch_is_back(steps)


@pytest.mark.parametrize(("n", "expected"), [(1, ["sum_rows"]), (64, ["sum_rows"]), (65, ["sum_rows", "sum_chunks"])])
def test_the_bias_is_summed_in_chunks(n: int, expected: list[str]) -> None:
    steps = Steps()
    dy, db = steps.external(-1), steps.external(-1)
    dense.backward_bias(steps, n, 7, dy, db)
    assert kernels(steps) == expected
    assert steps.steps[-1][2][-1] == db
    assert all_scratch_is_back(steps)
