"""Winograd's convolution without a pool: when it is taken, and what it computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import runtime
from convcore.plans import conv, winograd
from convcore.plans.steps import Steps
from convcore.shapes import Geometry, conv2d_geometry
from tests import sliding
from tests.plans.recorded import all_scratch_is_back, kernels

# Of the largest output's size: what `set_math` promises.
BOUND = 2e-5
OTHER_KERNELS = "Winograd is for 3x3 kernels with stride and dilation 1, without groups, padded with zeros"


def geometry(n: int, size: int, channels: int, filters: int, kernel: int = 3, **words: Any) -> Geometry:
    return conv2d_geometry((n, size, size, channels), (kernel, kernel, channels, filters), **words)


@pytest.mark.parametrize(
    ("g", "reason"),
    [
        (geometry(1, 28, 64, 64), None),
        (geometry(1, 28, 64, 64, 5), OTHER_KERNELS),
        (geometry(1, 28, 64, 64, stride=2), OTHER_KERNELS),
        (geometry(1, 28, 64, 64, dilation=2), OTHER_KERNELS),
        (geometry(1, 28, 15, 64), "fewer than 16 channels or more than 1024: no Winograd"),
        (geometry(1, 28, 64, 1025), "fewer than 16 channels or more than 1024: no Winograd"),
        (geometry(1, 4, 64, 64), "few pixels for so many weights: no Winograd"),
        (geometry(1, 9, 512, 512), "few pixels for so many weights: no Winograd"),
    ],
)
def test_when_it_is_taken(g: Geometry, reason: str | None) -> None:
    assert winograd.reason_direct(g, exact=False) == reason
    assert winograd.reason_direct(g, exact=True) == "exact maths: no Winograd"
    assert (winograd.tile_side(g) is None) == (reason is not None and "few pixels" in reason)


@pytest.mark.parametrize("n", [1, 7, 500])
def test_the_size_of_the_batch_has_no_say(n: int) -> None:
    for size in range(4, 40):
        assert winograd.tile_side(geometry(n, size, 32, 48)) == winograd.tile_side(geometry(1, size, 32, 48))


def test_large_maps_take_large_tiles() -> None:
    assert [winograd.tile_side(geometry(1, size, 64, 64)) for size in (4, 8, 10, 12, 58)] == [None, 2, 4, 5, 4]


def run(g: Geometry, arrays: list[Any], result: Any, backward: bool) -> list[str]:
    steps = Steps(str(result.dtype))
    places = [steps.external(a.nbytes) for a in arrays]
    into = steps.external(result.nbytes, written=True)
    if backward:
        conv.backward_data(steps, g, *places, into, exact=False)
    else:
        x, w, bias = places
        turned = conv.prepare_weights(steps, g, w, exact=False, keep=lambda size: None)
        conv.forward(steps, g, x, w, bias, into, relu=True, turned=turned)
    steps.build().run((*arrays, result))
    assert all_scratch_is_back(steps)
    return kernels(steps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("padding", ["valid", "same", 2])
@pytest.mark.parametrize(("size", "channels", "filters"), [(17, 24, 33), (31, 40, 20), (14, 64, 64), (35, 17, 70)])
def test_both_directions_are_within_the_bound(size: int, channels: int, filters: int, padding: Any, dtype: str) -> None:
    g = geometry(2, size, channels, filters, padding=padding)
    rng = np.random.default_rng(size)
    x, w, b = (rng.normal(size=s).astype(dtype) for s in (g.x_shape, g.w_shape, (filters,)))
    dy = rng.normal(size=g.y_shape).astype(dtype)
    bound = BOUND if dtype == "float32" else 1e-13
    pads = ((g.pt, g.pt), (g.pl, g.pl))

    y = np.empty(g.y_shape, dtype)
    assert "conv2d_winograd" in run(g, [x, w, b], y, backward=False)
    expected = np.maximum(sliding.conv2d(x, w, b, stride=(1, 1), pads=pads), 0)
    assert np.abs(y - expected).max() <= bound * np.abs(expected).max()

    dx = np.empty(g.x_shape, dtype)
    assert "conv2d_winograd" in run(g, [dy, w], dx, backward=True)
    expected = sliding.conv2d_backward_data(dy, w, g.x_shape, stride=(1, 1), pads=pads)
    assert np.abs(dx - expected).max() <= bound * np.abs(expected).max()


@pytest.mark.parametrize("size", [8, 12, 30])
def test_what_sees_zeros_only_is_the_bias_to_the_bit(size: int) -> None:
    """Rounding there would decide about the gradient of a ReLU."""
    g = geometry(1, size, 64, 64)
    rng = np.random.default_rng(size)
    x, w, b = (rng.normal(size=s).astype(np.float32) for s in (g.x_shape, g.w_shape, (64,)))
    x[:, 3:], x[:, :, 4:] = 0, -0.0
    y = np.empty(g.y_shape, np.float32)
    assert "conv2d_winograd" in run(g, [x, w, b], y, backward=False)
    for blank in (y[:, 3:], y[:, :, 4:]):
        np.testing.assert_array_equal(blank, np.broadcast_to(np.maximum(b, 0), blank.shape))
    w[0, 0, 0, 0] = np.nan
    run(g, [x, w, b], y, backward=False)
    assert np.isnan(y[..., 0]).all()


@pytest.mark.parametrize(
    ("n", "size", "expected"),
    [(8, 12, 1), (15, 12, 1), (16, 12, 2), (35, 12, 4), (900, 12, 4), (900, 3, 4), (900, 30, 1)],
)
def test_small_images_go_through_the_weights_together(n: int, size: int, expected: int) -> None:
    assert winograd.together(geometry(n, size, 64, 64), 5) == expected


@pytest.mark.parametrize(("n", "size"), [(11, 10), (11, 12), (11, 30), (35, 12)])
def test_neither_threads_nor_the_batch_change_a_bit(n: int, size: int) -> None:
    rng = np.random.default_rng(0)
    g = geometry(n, size, 32, 32)
    x, w, b = (rng.normal(size=s).astype(np.float32) for s in (g.x_shape, g.w_shape, (32,)))
    whole = np.empty(g.y_shape, np.float32)
    with runtime.threads(1):
        run(g, [x, w, b], whole, backward=False)
    for threads in (2, 3):
        again = np.empty_like(whole)
        with runtime.threads(threads):
            run(g, [x, w, b], again, backward=False)
        np.testing.assert_array_equal(again, whole)
    alone = np.empty(g.with_batch(1).y_shape, np.float32)
    for i in range(n):
        run(g.with_batch(1), [x[i : i + 1], w, b], alone, backward=False)
        np.testing.assert_array_equal(alone[0], whole[i])
