"""What a batch normalization becomes; `tests/layers/test_normalization.py` checks what it computes."""

from __future__ import annotations

import pytest

from convcore.plans import batch_norm
from convcore.plans.steps import Steps
from tests.plans.recorded import all_scratch_is_back, kernels


@pytest.mark.parametrize(("rows", "chunked"), [(64, []), (65, ["sum_chunks"])])
def test_sums_are_cut_into_chunks(rows: int, chunked: list[str]) -> None:
    steps = Steps()
    x, gamma, beta, mean, variance, y, dgamma, dx = (steps.external(-1) for _ in range(8))
    norm = batch_norm.forward(
        steps, rows, 7, x, gamma, beta, (mean, variance), y, epsilon=0.1, momentum=0.9, training=True
    )
    sums = ["sum_rows", *chunked, "centered_squares", *chunked]
    assert kernels(steps) == [*sums, "batch_norm_statistics", "batch_norm"]
    batch_norm.backward(steps, rows, 7, y, x, norm, dgamma, None, dx, training=True)
    back = ["sum_rows", *chunked, "normalized_products", *chunked, "batch_norm_backward"]
    assert kernels(steps)[-len(back) :] == back
    steps.release(norm)
    assert all_scratch_is_back(steps)


def test_folded_into_weights() -> None:
    steps = Steps()
    w, bias, gamma, mean, variance = (steps.external(-1) for _ in range(5))
    for buffer in batch_norm.fold(steps, 27, 7, w, bias, gamma, None, (mean, variance), epsilon=0.1):
        steps.release(buffer)
    assert kernels(steps) == ["batch_norm_statistics", "scale_rows", "fold_bias"]
    assert all_scratch_is_back(steps)


def test_inference_sums_nothing() -> None:
    steps = Steps()
    x, mean, variance, y = (steps.external(-1) for _ in range(4))
    steps.release(
        batch_norm.forward(steps, 100, 7, x, None, None, (mean, variance), y, epsilon=0.1, momentum=0.9, training=False)
    )
    assert kernels(steps) == ["batch_norm_statistics", "batch_norm"]
    assert all_scratch_is_back(steps)
