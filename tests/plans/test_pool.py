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
    assert all(fields == g.fields() | {"kind": 0} for _, fields, _, _ in steps.steps)
    assert steps.layout.size == 0


def test_averages_say_what_they_divide_by() -> None:
    g = pool2d_geometry((2, 7, 6, 3), pool_size=3, padding=1)
    steps = Steps()
    x, y = (steps.external(-1) for _ in range(2))
    pool.avg_pool2d(steps, g, x, y)
    pool.avg_pool2d_backward(steps, g, y, x, count_include_pad=True, divisor=5)
    assert [(fields["kind"], fields["a"], fields["pb"]) for _, fields, _, _ in steps.steps] == [(0, 0, 1), (1, 5, 1)]


def test_planes_and_the_way_back_are_one_step_each() -> None:
    g = pool2d_geometry((2, 7, 6, 3), pool_size=(7, 6))
    steps = Steps("float64")
    x, y, indices = (steps.external(-1) for _ in range(3))
    pool.global_avg_pool2d(steps, g, x, y)
    pool.global_avg_pool2d_backward(steps, g, y, x)
    pool.global_max_pool2d(steps, g, x, y, indices, wide=True)
    pool.max_unpool2d(steps, g, y, indices, x)
    pool.max_unpool2d_backward(steps, g, x, indices, y)
    assert [(kernel, buffers) for kernel, _, buffers, _ in steps.steps] == [
        ("global_avg_pool2d", [x, y]),
        ("global_avg_pool2d_backward", [y, x]),
        ("global_max_pool2d", [x, y, indices]),
        ("max_unpool2d", [y, indices, x]),
        ("max_unpool2d_backward", [x, indices, y]),
    ]
    assert steps.steps[2][1]["kind"] == 1


def test_the_gradient_of_whole_planes_of_one_channel_is_that_of_a_global_pool() -> None:
    steps = Steps()
    x, y = (steps.external(-1) for _ in range(2))
    for channels, divisor in ((1, 0), (1, 3), (2, 0)):
        g = pool2d_geometry((5, 7, 6, channels), pool_size=(7, 6))
        pool.avg_pool2d_backward(steps, g, y, x, divisor=divisor)
    kernels = [kernel for kernel, *_ in steps.steps]
    assert kernels == ["global_avg_pool2d_backward", "avg_pool2d_backward", "avg_pool2d_backward"]
