"""Which convolutions and pools are taken together; `tests/program/test_optimize.py` checks what that computes."""

from __future__ import annotations

from typing import Any

import pytest

from convcore.plans import conv_pool
from convcore.plans.steps import Steps
from convcore.shapes import conv2d_geometry, pool2d_geometry
from tests.plans.recorded import all_scratch_is_back, kernels

OTHER_KERNELS = "Winograd is for 3x3 kernels with stride and dilation 1, without groups, padded with zeros"


def geometries(
    size: int = 12,
    channels: int = 3,
    filters: int = 4,
    kernel: int = 3,
    conv: dict[str, Any] | None = None,
    **pool: Any,
):  # type: ignore[no-untyped-def]
    g = conv2d_geometry((2, size, size, channels), (kernel, kernel, channels, filters), **(conv or {}))
    return g, pool2d_geometry(g.y_shape, **pool)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, None),
        ({"size": 13}, None),
        ({"pool_size": 3}, None),
        ({"pool_size": (1, 2)}, None),
        ({"pool_size": 2, "stride": 3}, None),
        ({"conv": {"padding": "same", "stride": 2, "dilation": 1}}, None),
        ({"pool_size": 3, "stride": 2}, "pool windows overlap"),  # one pixel wins twice
        ({"pool_size": 2, "padding": "same", "size": 13}, "padding of the pool"),  # a window hangs over the edge
        ({"pool_size": 3, "stride": 3, "padding": 1}, "padding of the pool"),
        ({"pool_size": 1}, "the pool's window is one pixel"),  # it only strides
        ({"size": 24, "pool_size": 9}, "a pool window of more than 64 pixels"),  # more taps than a byte's list
    ],
)
def test_who_joins(options: dict[str, Any], reason: str | None) -> None:
    assert conv_pool.reason_apart(*geometries(**options)) == reason


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"channels": 16}, None),
        ({"channels": 16, "size": 14, "pool_size": 3}, None),
        ({"channels": 15}, "fewer than 16 channels or more than 1024: no Winograd"),
        ({"channels": 16, "kernel": 5}, OTHER_KERNELS),
        ({"channels": 16, "conv": {"stride": 2}}, OTHER_KERNELS),
        ({"channels": 16, "size": 5}, "few pixels for so many weights: no Winograd"),
        ({"channels": 16, "size": 5000}, "whole windows of the pool and whole tiles make a large map: no Winograd"),
    ],
)
@pytest.mark.parametrize("exact", [False, True])
def test_who_takes_winograd_and_what_the_others_say(options: dict[str, Any], reason: str | None, exact: bool) -> None:
    g, pool = geometries(**options, filters=16)
    assert conv_pool.reason_direct(g, pool, exact=exact) == ("exact maths: no Winograd" if exact else reason)
    steps = Steps()
    x, w, y = (steps.external(-1) for _ in range(3))
    turned = conv_pool.prepare_weights(steps, g, pool, w, exact=exact, keep=lambda size: None)
    conv_pool.forward(steps, g, pool, x, w, turned, None, y, None, relu=True, exact=exact)
    assert ("conv2d_winograd_pool" in kernels(steps)) == (reason is None and not exact)
    assert steps.remarks[-1][1] == ("exact maths: no Winograd" if exact else reason)


@pytest.mark.parametrize("channels", [1, 3, 20])
@pytest.mark.parametrize("n", [1, 8, 30])
def test_gradients_give_their_scratch_back(channels: int, n: int) -> None:
    g, pool = (g.with_batch(n) for g in geometries(channels=channels))
    steps = Steps()
    x, w, dy, codes, dx, dw, db = (steps.external(-1) for _ in range(7))
    turned = conv_pool.turn_weights(steps, g, pool, w)
    conv_pool.backward_weights(steps, g, pool, x, dy, codes, dw, db)
    conv_pool.backward_data(steps, g, pool, dy, codes, turned, dx, None)
    steps.release(turned)
    steps.continued()
    written = {buffer for _, _, buffers, _ in steps.steps for buffer in buffers[-2:]}
    assert {dw, db, dx} <= written
    assert all_scratch_is_back(steps)


def test_images_go_through_both_gradients_before_anything_is_added_up() -> None:
    g, pool = (g.with_batch(32) for g in geometries(channels=20))
    steps = Steps()
    x, w, dy, codes, dx, dw, db = (steps.external(-1) for _ in range(7))
    turned = conv_pool.turn_weights(steps, g, pool, w)
    conv_pool.backward_weights(steps, g, pool, x, dy, codes, dw, db)
    conv_pool.backward_data(steps, g, pool, dy, codes, turned, dx, None)
    steps.continued()
    assert kernels(steps)[:4] == [
        "conv2d_pool_turn_weights",
        "conv2d_backward_weights_pool",
        "conv2d_backward_data_pool",
        "sum_chunks",
    ]
    assert steps.images[1:3] == [(4, 1), (32, 8)]
