"""What a pool becomes; `tests/ops/test_pooling.py` checks what it computes."""

from __future__ import annotations

from convcore.plans import pool
from convcore.plans.steps import Steps
from convcore.shapes import pool2d_geometry


def test_each_direction_is_one_step_without_scratch() -> None:
    g = pool2d_geometry((2, 7, 6, 3), pool_size=(3, 2), stride=2, padding="same")
    steps = Steps()
    x, y, indices = (steps.external(-1) for _ in range(3))
    pool.max_pool2d(steps, g, x, y, None)
    pool.max_pool2d(steps, g, x, y, indices)
    pool.max_pool2d_backward(steps, g, y, indices, x)
    assert [(kernel, buffers) for kernel, _, buffers, _ in steps.steps] == [
        ("max_pool2d", [x, y, None]),
        ("max_pool2d", [x, y, indices]),
        ("max_pool2d_backward", [y, indices, x]),
    ]
    assert all(fields == g.fields() for _, fields, _, _ in steps.steps)
    assert steps.layout.size == 0
