"""Which convolutions and pools are taken together; `tests/program/test_optimize.py` checks what that computes."""

from __future__ import annotations

from typing import Any

import pytest

from convcore.plans import conv_pool
from convcore.plans.steps import Steps
from convcore.shapes import conv2d_geometry, pool2d_geometry
from tests.plans.recorded import all_scratch_is_back


def geometries(size: int = 12, channels: int = 3, kernel: int = 3, conv: dict[str, Any] | None = None, **pool: Any):  # type: ignore[no-untyped-def]
    g = conv2d_geometry((2, size, size, channels), (kernel, kernel, channels, 4), **(conv or {}))
    return g, pool2d_geometry(g.y_shape, **pool)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, True),
        ({"size": 13}, True),
        ({"pool_size": 3}, True),
        ({"pool_size": (1, 2)}, True),
        ({"pool_size": 2, "stride": 3}, True),
        ({"conv": {"padding": "same", "stride": 2, "dilation": 1}}, True),
        ({"pool_size": 3, "stride": 2}, False),  # windows overlap: one pixel wins twice
        ({"pool_size": 2, "padding": "same", "size": 13}, False),  # a window hangs over the edge
        ({"pool_size": 3, "stride": 3, "padding": 1}, False),
        ({"pool_size": 1}, False),  # a pool that only strides
        ({"size": 24, "pool_size": 9}, False),  # more taps than a byte's list
    ],
)
def test_who_joins(options: dict[str, Any], expected: bool) -> None:
    assert conv_pool.can_join(*geometries(**options)) is expected


@pytest.mark.parametrize("channels", [1, 3, 20])
@pytest.mark.parametrize("n", [1, 8, 30])
def test_gradients_give_their_scratch_back(channels: int, n: int) -> None:
    g, pool = (g.with_batch(n) for g in geometries(channels=channels))
    steps = Steps()
    x, w, dy, codes, dx, dw, db = (steps.external(-1) for _ in range(7))
    conv_pool.backward_weights(steps, g, pool, x, dy, codes, dw, db)
    conv_pool.backward_data(steps, g, pool, dy, codes, w, dx)
    written = {buffer for _, _, buffers, _ in steps.steps for buffer in buffers[-1:]}
    assert {dw, db, dx} <= written
    assert all_scratch_is_back(steps)
