"""What a layer normalization becomes; `tests/layers/test_layer_normalization.py` checks what it computes."""

from __future__ import annotations

import pytest

from convcore.plans import layer_norm
from convcore.plans.steps import Steps
from tests.plans.recorded import all_scratch_is_back, kernels


@pytest.mark.parametrize(("rows", "chunked"), [(64, []), (65, ["sum_chunks"])])
@pytest.mark.parametrize("kind", layer_norm.KINDS)
def test_sums_over_rows_are_cut_into_chunks(rows: int, chunked: list[str], kind: str) -> None:
    steps = Steps()
    x, gamma, beta, y, dy, dgamma, dbeta, dx = (steps.external(-1) for _ in range(8))
    stats = layer_norm.forward(steps, rows, 7, x, gamma, beta, y, kind=kind, epsilon=0.1)
    layer_norm.backward(steps, rows, 7, dy, x, gamma, stats, dgamma, dbeta, dx, kind=kind)
    assert kernels(steps) == ["layer_norm", "layer_norm_products", *chunked, *chunked, "layer_norm_backward"]
    steps.release(stats)
    assert all_scratch_is_back(steps)


def test_what_is_not_wanted_is_not_computed() -> None:
    steps = Steps()
    x, y, dy = (steps.external(-1) for _ in range(3))
    stats = layer_norm.forward(steps, 10, 7, x, None, None, y, kind="normalized", epsilon=0.1)
    layer_norm.backward(steps, 10, 7, dy, x, None, stats, None, None, None, kind="normalized")
    assert kernels(steps) == ["layer_norm"]
