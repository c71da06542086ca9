"""Images with their channels first; `tests/ops/test_convolution.py` checks what is computed."""

from __future__ import annotations

from convcore.plans import conv, images
from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry, conv2d_geometry
from tests.plans.recorded import all_scratch_is_back, kernels


def planned(n: int, height: int, width: int, ic: int, oc: int) -> Steps:
    g = conv2d_geometry((n, height, width, ic), (1, 1, ic, oc), stride=2)
    steps = Steps()
    x, w, y = (steps.external(-1) for _ in range(3))

    def step(part: Geometry, source: Buffer, target: Buffer) -> None:
        conv.forward(steps, part, source, w, None, target, relu=False)

    images.forward(steps, g, x, y, step)
    return steps


def test_images_are_turned_before_and_after() -> None:
    steps = planned(3, 4, 4, 2, 3)
    assert kernels(steps) == ["permute", "conv2d_forward", "permute"]
    assert all_scratch_is_back(steps)


def test_what_needs_no_turning_is_not_copied() -> None:
    assert kernels(planned(3, 4, 4, 1, 3)) == ["conv2d_forward", "permute"]
    assert kernels(planned(3, 4, 4, 3, 1)) == ["permute", "conv2d_forward"]
    assert kernels(planned(3, 1, 1, 5, 7)) == ["dense_forward"]


def test_a_large_batch_goes_in_parts() -> None:
    steps = planned(400, 64, 64, 16, 16)
    assert kernels(steps).count("conv2d_forward") > 1
    assert steps.layout.size <= images.MOST_BYTES + 128


def test_the_sums_of_parts_stay_within_their_bound() -> None:
    g = conv2d_geometry((200, 64, 64, 64), (3, 3, 64, 512))
    steps = Steps()
    x, dy, dw, db = (steps.external(-1) for _ in range(4))
    images.backward_weights(steps, g, x, dy, dw, db)
    one, of_bias = 4 * (64 * 64 * 64 + 62 * 62 * 512), 4 * 200 * 512
    assert steps.layout.size <= conv.MOST_PARTIAL_BYTES + max(one, images.MOST_BYTES) + of_bias + 256
    assert kernels(steps).count("sum_chunks") > 2
    assert all_scratch_is_back(steps)


def test_each_map_is_turned_once_for_both_gradients() -> None:
    g = conv2d_geometry((3, 6, 6, 4), (3, 3, 4, 8))
    for of_x in (False, True):
        steps = Steps()
        images.backward_weights(steps, g, *(steps.external(-1) for _ in range(4)), of_x=of_x)
        assert kernels(steps).count("permute") == 2
        assert all_scratch_is_back(steps)
