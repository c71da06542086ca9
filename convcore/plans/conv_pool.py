"""Steps of a convolution with its ReLU and the max-pool behind it, and of their gradients."""

from __future__ import annotations

import math
from dataclasses import replace

from convcore.plans import conv, dense, winograd
from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry

__all__ = [
    "backward_data",
    "backward_weights",
    "forward",
    "prepare_weights",
    "reason_apart",
    "reason_direct",
    "turn_weights",
]

MOST_LANES = 16
# Of the map between convolution and pool, where whole windows are whole tiles of Winograd's algorithm, too.
MOST_MAP_BYTES = 1 << 19

# The pool's codes are bytes, and the lists of alive windows of one pooled row have to stay small.
MOST_TAPS = 64
MOST_WINDOWS = 2048
MOST_ELEMENTS = 2**31 - 1


def reason_apart(g: Geometry, pool: Geometry) -> str | None:
    """Why the kernels do not take this convolution and this pool together; None if they do."""
    if g.groups > 1:
        return "a convolution in groups"
    if (pool.pt, pool.pl) != (0, 0):
        return "padding of the pool"
    if (pool.oh - 1) * pool.sh + pool.kh > pool.ih or (pool.ow - 1) * pool.sw + pool.kw > pool.iw:
        return "padding of the pool"
    if pool.sh < pool.kh or pool.sw < pool.kw:
        return "pool windows overlap"
    if pool.kh * pool.kw < 2:
        return "the pool's window is one pixel"
    if pool.kh * pool.kw > MOST_TAPS:
        return f"a pool window of more than {MOST_TAPS} pixels"
    if pool.ow > MOST_WINDOWS:
        return f"more than {MOST_WINDOWS} pool windows in a row"
    if max((g.ih + g.kh) * (g.iw + g.kw) * g.ic, g.kh * g.kw * g.ic * g.oc) > MOST_ELEMENTS:
        return f"more than {MOST_ELEMENTS} elements in an image or in the weights"
    return None


def reason_direct(g: Geometry, pool: Geometry, *, exact: bool) -> str | None:
    """Why the sum is computed directly; None if Winograd's algorithm computes it."""
    reason = winograd.reason_direct(_pooled_part(g, pool), exact=exact)
    if reason is None and _tile_side(g, pool) is None:
        return "whole windows of the pool and whole tiles make a large map: no Winograd"
    return reason


def _tile_side(g: Geometry, pool: Geometry) -> int | None:
    """The side of Winograd's tiles; None if the direct sum costs less, or the map between would be large."""
    row_bytes = g.ow * g.oc * 4
    sides = [side for side in winograd.TRANSFORM_COSTS if math.lcm(side, pool.sh) * row_bytes <= MOST_MAP_BYTES]
    return winograd.tile_side(_pooled_part(g, pool), sides)


def _pooled_part(g: Geometry, pool: Geometry) -> Geometry:
    """The convolution without what the pool drops at the border."""
    return replace(g, oh=(pool.oh - 1) * pool.sh + pool.kh, ow=(pool.ow - 1) * pool.sw + pool.kw)


def _fits_patches(g: Geometry, pool: Geometry) -> bool:
    """Whether each window and its taps lie in a 4x4 patch of one channel."""
    one_step = (g.sh, g.sw, g.dh, g.dw) == (1, 1, 1, 1)
    return g.ic == 1 and one_step and (g.kh, g.kw) == (3, 3) and (pool.kh, pool.kw) == (2, 2)


def _fields(g: Geometry, pool: Geometry) -> dict[str, int]:
    behind = {"qh": pool.kh, "qw": pool.kw, "th": pool.sh, "tw": pool.sw, "zh": pool.oh, "zw": pool.ow}
    return g.fields() | behind


def prepare_weights(
    steps: Steps, g: Geometry, pool: Geometry, w: Buffer, *, exact: bool, keep: winograd.Keep
) -> Buffer | None:
    """The weights as Winograd's algorithm reads them; None where the sum is computed directly."""
    side = None if reason_direct(g, pool, exact=exact) else _tile_side(g, pool)
    return None if side is None else winograd.prepare(steps, g, w, side, keep)


def forward(
    steps: Steps,
    g: Geometry,
    pool: Geometry,
    x: Buffer,
    w: Buffer,
    turned: Buffer | None,
    bias: Buffer | None,
    y: Buffer,
    codes: Buffer | None,
    *,
    relu: bool,
    exact: bool,
) -> None:
    """The pooled output y, and which element of each window it is (bytes) if that is wanted; `turned` are the weights
    that `prepare_weights` prepared, which are released."""
    fields, images = _fields(g, pool) | {"relu": int(relu)}, conv.by_image(g)
    windows = g.n * pool.oh * pool.ow * g.oc
    side = None if turned is None else _tile_side(g, pool)
    if turned is not None and side is not None:
        part = _pooled_part(g, pool)
        work = winograd.tiles(part, side) * winograd.frequencies(side) * g.ic * g.oc
        together = winograd.together(part, side)
        fields, images = fields | {"kind": side, "count": together}, conv.by_image(g, together)
        steps.add("conv2d_winograd_pool", fields, x, turned, bias, y, codes, work=work, images=images)
        steps.release(turned)
        return
    kernel = "conv2d_forward_pool_c1" if _fits_patches(g, pool) else "conv2d_forward_pool"
    work = windows * pool.kh * pool.kw * g.kh * g.kw * g.ic
    note = reason_direct(g, pool, exact=exact)
    steps.add(kernel, fields, x, w, bias, y, codes, work=work, images=images, note=note)


def backward_weights(
    steps: Steps, g: Geometry, pool: Geometry, x: Buffer, dy: Buffer, codes: Buffer, dw: Buffer, db: Buffer | None
) -> None:
    """dw, and db if it is wanted, from the gradient dy of the pooled output."""
    taps = g.kh * g.kw * g.ic
    chunk = conv.chunk_images(steps, g, taps * g.oc)
    chunks = -(-g.n // chunk)
    partial = steps.reals(chunks * taps * g.oc)
    work = g.n * pool.oh * pool.ow * g.oc * taps
    fields = _fields(g, pool) | {"count": chunk}
    total = {"n": chunks, "count": taps * g.oc}
    if _fits_patches(g, pool):
        sums = steps.reals(chunks * g.oc)
        kernel, buffers = "conv2d_backward_weights_pool_c1", [partial, sums]
    else:
        sums = None
        kernel, buffers = "conv2d_backward_weights_pool", [partial]
    steps.add(kernel, fields, x, dy, codes, *buffers, work=work, images=(chunks, 1))

    def add_up() -> None:
        if sums is not None:
            steps.add("sum_chunks", total, partial, dw, work=chunks * taps * g.oc)
            if db is not None:
                steps.add("sum_chunks", {"n": chunks, "count": g.oc}, sums, db, work=chunks * g.oc)
            steps.release(sums)
        else:
            if chunks > 1:
                steps.add("sum_chunks", total, partial, partial, work=chunks * taps * g.oc)
            dense.turn_weights(steps, g.oc, taps, partial, dw)
            if db is not None:
                conv.sum_over_rows(steps, pool.y_shape, dy, db)
        steps.release(partial)

    steps.after_group(add_up)


def turn_weights(steps: Steps, g: Geometry, pool: Geometry, w: Buffer) -> Buffer:
    """The weights as `backward_data` reads them."""
    # Input channels may be padded to whole vectors.
    turned = steps.reals(g.kh * g.kw * (g.ic + MOST_LANES - 1) * g.oc)
    steps.add("conv2d_pool_turn_weights", _fields(g, pool), w, turned, work=dense.TURN_WORK * g.w_size)
    return turned


def backward_data(
    steps: Steps,
    g: Geometry,
    pool: Geometry,
    dy: Buffer,
    codes: Buffer,
    turned: Buffer,
    dx: Buffer,
    relu_output: Buffer | None,
) -> None:
    """dx from the gradient dy of the pooled output; zero where `relu_output`, if x is the result of a ReLU, is."""
    work = g.n * pool.oh * pool.ow * g.oc * g.kh * g.kw * g.ic
    fields, images = _fields(g, pool), conv.by_chunk(g)
    steps.add("conv2d_backward_data_pool", fields, dy, codes, turned, relu_output, dx, work=work, images=images)
