"""What a convolution becomes; `tests/ops/test_convolution.py` checks what it computes."""

from __future__ import annotations

import pytest

from convcore.plans import conv
from convcore.plans.steps import Steps
from convcore.shapes import conv2d_geometry
from tests.plans.recorded import all_scratch_is_back, kernels


def geometry(n: int, **options: object):  # type: ignore[no-untyped-def]
    return conv2d_geometry((n, 8, 9, 3), options.pop("w", (3, 3, 3, 4)), **options)  # type: ignore[arg-type]


def test_a_1x1_convolution_is_a_product_of_matrices() -> None:
    for options, name in (
        ({}, "dense_forward"),
        ({"stride": 2}, "conv2d_forward"),
        ({"padding": 1}, "conv2d_forward"),
    ):
        steps = Steps()
        x, w, y = (steps.external(-1) for _ in range(3))
        conv.forward(steps, geometry(2, w=(1, 1, 3, 4), **options), x, w, None, y, relu=False)
        assert kernels(steps) == [name]


@pytest.mark.parametrize(("n", "back"), [(3, ["dense_backward_data"]), (9, ["dense_turn_weights", "dense_forward"])])
def test_a_kernel_that_covers_the_image_is_a_product_of_matrices(n: int, back: list[str]) -> None:
    for options, name in (({}, "dense_forward"), ({"padding": 1, "stride": 9}, "conv2d_forward")):
        steps = Steps()
        x, w, y = (steps.external(-1) for _ in range(3))
        conv.forward(steps, geometry(n, w=(8, 9, 3, 4), **options), x, w, None, y, relu=False)
        assert kernels(steps) == [name]
    steps = Steps()
    dy, w, dx = (steps.external(-1) for _ in range(3))
    conv.backward_data(steps, geometry(n, w=(8, 9, 3, 4)), dy, w, dx)
    assert kernels(steps) == back
    assert all_scratch_is_back(steps)


def test_groups_have_kernels_of_their_own() -> None:
    steps = Steps()
    x, w, y, dw = (steps.external(-1) for _ in range(4))
    g = conv2d_geometry((2, 8, 9, 6), (1, 1, 3, 4), groups=2)
    conv.forward(steps, g, x, w, None, y, relu=True)
    conv.backward_data(steps, g, y, w, x)
    conv.backward_weights(steps, g, x, y, dw, None)
    assert kernels(steps) == [
        "conv2d_forward_groups",
        "conv2d_turn_weights_groups",
        "conv2d_backward_data_groups",
        "conv2d_backward_weights_groups",
    ]
    assert {fields["groups"] for _, fields, _, _ in steps.steps} == {2}
    assert all_scratch_is_back(steps)


@pytest.mark.parametrize("n", [1, 8, 9, 100])
def test_chunks_are_whole_and_depend_on_the_problem_alone(n: int) -> None:
    steps = Steps()
    g = geometry(n)
    chunk = conv.chunk_images(steps, g, 3 * 3 * 3 * 4)
    assert chunk == conv.CHUNK_IMAGES
    x, dy, dw, db = (steps.external(-1) for _ in range(4))
    conv.backward_weights(steps, g, x, dy, dw, db)
    sums = ["sum_chunks"] if n > chunk else []
    assert kernels(steps) == ["conv2d_backward_weights", *sums, "sum_rows", *sums]
    assert all_scratch_is_back(steps)


def test_partial_sums_stay_within_their_bound() -> None:
    steps = Steps()
    g = conv2d_geometry((4096, 8, 8, 256), (3, 3, 256, 256))
    elements = 3 * 3 * 256 * 256
    chunk = conv.chunk_images(steps, g, elements)
    assert -(-g.n // chunk) * elements * 4 <= conv.MOST_PARTIAL_BYTES
    assert -(-g.n // (chunk // 2)) * elements * 4 > conv.MOST_PARTIAL_BYTES


def test_scratch_is_given_back() -> None:
    steps = Steps()
    dy, w, dx = (steps.external(-1) for _ in range(3))
    conv.backward_data(steps, geometry(5), dy, w, dx)
    assert kernels(steps) == ["conv2d_turn_weights", "conv2d_backward_data"]
    assert all_scratch_is_back(steps)
