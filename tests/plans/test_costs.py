"""The bytes of steps, against the arrays that the kernels are given."""

from __future__ import annotations

import pytest

from convcore import runtime
from convcore.engine import native
from convcore.plans import conv, conv_pool, costs, dense, pointwise
from convcore.plans.steps import Steps
from convcore.shapes import conv2d_geometry, pool2d_geometry

G = conv2d_geometry((20, 8, 8, 3), (3, 3, 3, 5))
POOL = pool2d_geometry(G.y_shape, pool_size=2)
X, W, B, Y, Z = 20 * 8 * 8 * 3 * 4, 9 * 3 * 5 * 4, 5 * 4, 20 * 6 * 6 * 5 * 4, 20 * 3 * 3 * 5 * 4


def totals(steps: Steps) -> list[tuple[str, int]]:
    return [(kernel, costs.traffic(kernel, fields, buffers)) for kernel, fields, buffers, _ in steps.steps]


def test_every_kernel_names_each_of_its_buffers() -> None:
    """A new kernel needs its line in ARRAYS, or explain could not tell what it moves."""
    assert runtime.active_isa()  # importing it chose the table
    assert {kernel: len(arrays.split()) for kernel, arrays in costs.ARRAYS.items()} == native.list_kernels()
    assert {array for arrays in costs.ARRAYS.values() for array in arrays.split()} <= set(costs._BYTES)
    assert costs.SPARSE <= costs.CONVOLUTIONS <= set(costs.ARRAYS)


def test_a_convolution_and_its_gradients() -> None:
    steps = Steps()
    x, w, b, y, dx, dw, db = (steps.external(-1) for _ in range(7))
    conv.forward(steps, G, x, w, b, y, relu=True)
    conv.forward(steps, G, x, w, None, y, relu=False)
    conv.backward_weights(steps, G, x, y, dw, db)
    conv.backward_data(steps, G, y, w, dx)
    assert totals(steps) == [
        ("conv2d_forward", X + W + B + Y),
        ("conv2d_forward", X + W + Y),
        ("conv2d_backward_weights", X + Y + 3 * W),  # three chunks of eight images
        ("sum_chunks", 4 * W),
        ("sum_rows", Y + 3 * B),
        ("sum_chunks", 4 * B),
        ("conv2d_turn_weights", 2 * W),
        ("conv2d_backward_data", Y + W + X),
    ]
    first, second = steps.steps[:2]
    assert costs.fused(*first[:3]) == ["bias", "ReLU"]
    assert costs.fused(*second[:3]) == []


def test_weights_of_groups_are_fewer() -> None:
    g = conv2d_geometry((20, 8, 8, 6), (3, 3, 2, 9), groups=3)
    steps = Steps()
    x, w, b, y, dw = (steps.external(-1) for _ in range(5))
    conv.forward(steps, g, x, w, b, y, relu=True)
    conv.backward_weights(steps, g, x, y, dw, None)
    conv.backward_data(steps, g, y, w, x)
    sizes = [4 * size for size in (20 * 8 * 8 * 6, 9 * 2 * 9, 9, 20 * 6 * 6 * 9)]
    assert totals(steps) == [
        ("conv2d_forward_groups", sum(sizes)),
        ("conv2d_backward_weights_groups", sizes[0] + sizes[3] + 3 * sizes[1]),
        ("sum_chunks", 4 * sizes[1]),
        ("conv2d_turn_weights_groups", 2 * sizes[1]),
        ("conv2d_backward_data_groups", sizes[0] + sizes[3] + sizes[1]),
    ]
    assert costs.fused(*steps.steps[0][:3]) == ["bias", "ReLU"]


def test_with_a_pool_behind() -> None:
    steps = Steps()
    x, w, b, y, codes = (steps.external(-1) for _ in range(5))
    for kept in (codes, None):
        conv_pool.forward(steps, G, POOL, x, w, None, b, y, kept, relu=False, exact=True)
    for mask in (None, x):
        turned = conv_pool.turn_weights(steps, G, POOL, w)
        conv_pool.backward_data(steps, G, POOL, y, codes, turned, x, mask)
    assert totals(steps) == [
        ("conv2d_forward_pool", X + W + B + Z + Z // 4),
        ("conv2d_forward_pool", X + W + B + Z),
        ("conv2d_pool_turn_weights", 2 * W),
        ("conv2d_backward_data_pool", Z + Z // 4 + W + X),
        ("conv2d_pool_turn_weights", 2 * W),
        ("conv2d_backward_data_pool", Z + Z // 4 + W + 2 * X),
    ]
    assert [costs.fused(*step[:3]) for step in steps.steps] == [
        ["bias", "max-pool"], ["bias", "max-pool"], [], ["max-pool"], [], ["ReLU", "max-pool"],
    ]  # fmt: skip


@pytest.mark.parametrize(("sparse", "targets"), [(True, 1), (False, 10)])
@pytest.mark.parametrize("weighted", [0, 1])
def test_a_loss(sparse: bool, targets: int, weighted: int) -> None:
    steps = Steps()
    x, t, p, d, each = (steps.external(-1) for _ in range(5))
    weights = steps.external(-1) if weighted else None
    common = {"sparse": sparse, "scale": 1.0, "smoothing": 0.0, "from_logits": False}
    pointwise.loss(steps, "softmax_cross_entropy", 7, 10, x, t, weights, p, d, each, **common)
    assert totals(steps) == [("softmax_cross_entropy", 4 * 7 * (30 + targets + weighted + 1))]
    assert costs.fused(*steps.steps[0][:3]) == ["softmax", "gradient"]


def test_dense_and_what_is_no_product() -> None:
    steps = Steps()
    x, w, b, y = (steps.external(-1) for _ in range(4))
    dense.forward(steps, 6, 10, 4, x, w, b, y, relu=True)
    steps.add("gather_rows", {"n": 6, "count": 10, "kind": 0}, x, w, y, work=1)
    steps.add("adam_step", {"count": 9}, x, w, b, y, x, w, work=1)
    assert [bytes_ for _, bytes_ in totals(steps)] == [4 * (60 + 40 + 4 + 24), 6 * 8 + 60 + 240, 4 * 9 * 7]
    assert costs.fused(*steps.steps[1][:3]) == []
