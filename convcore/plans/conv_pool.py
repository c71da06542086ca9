"""Steps of a convolution with its ReLU and the max-pool behind it, and of their gradients."""

from __future__ import annotations

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

# The pool's window is the tile of Winograd's algorithm.
WINDOW = 2
MOST_LANES = 16
LEAST_CHANNELS = 16
LEAST_TILES = 4

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


def reason_direct(g: Geometry, pool: Geometry) -> str | None:
    """Why the sum is computed directly; None if F(2x2, 3x3) applies and its transforms, which grow with ic + oc, cost
    less than it saves, which grows with ic * oc, and if one image pays for turning the weights. The size of the batch
    has no say: it must not change an image's bits."""
    if (g.kh, g.kw, g.sh, g.sw, g.dh, g.dw) != (3, 3, 1, 1, 1, 1):
        return "Winograd is for 3x3 kernels with stride and dilation 1"
    if (pool.kh, pool.kw, pool.sh, pool.sw) != (2, 2, 2, 2):
        return "Winograd is for 2x2 pools"
    if min(g.ic, g.oc) < LEAST_CHANNELS:
        return f"fewer than {LEAST_CHANNELS} channels: no Winograd"
    if pool.oh * pool.ow < LEAST_TILES:
        return f"fewer than {LEAST_TILES} pool windows: no Winograd"
    return None


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
    if _why_direct(g, pool, exact=exact) is not None:
        return None
    return winograd.prepare(steps, g, w, WINDOW, keep)


def _why_direct(g: Geometry, pool: Geometry, *, exact: bool) -> str | None:
    return "exact maths: no Winograd" if exact else reason_direct(g, pool)


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
    if turned is not None:
        work = windows * winograd.frequencies(WINDOW) * g.ic
        steps.add("conv2d_winograd_pool", fields, x, turned, bias, y, codes, work=work, images=images)
        steps.release(turned)
        return
    kernel = "conv2d_forward_pool_c1" if _fits_patches(g, pool) else "conv2d_forward_pool"
    work = windows * pool.kh * pool.kw * g.kh * g.kw * g.ic
    note = _why_direct(g, pool, exact=exact)
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
    steps.add("conv2d_pool_turn_weights", _fields(g, pool), w, turned, work=g.kh * g.kw * g.ic * g.oc)
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
    fields, images = _fields(g, pool), conv.by_image(g)
    steps.add("conv2d_backward_data_pool", fields, dy, codes, turned, relu_output, dx, work=work, images=images)
