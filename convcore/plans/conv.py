"""Steps of a convolution and of its gradients."""

from __future__ import annotations

from convcore.plans import border, dense, winograd
from convcore.plans.steps import Buffer, Steps
from convcore.plans.turning import Turned, kernel_of
from convcore.shapes import Geometry, Shape

__all__ = [
    "backward_data",
    "backward_weights",
    "by_chunk",
    "by_image",
    "chunk_images",
    "forward",
    "partial_weights",
    "prepare_weights",
    "sum_over_rows",
    "transposed",
]

# Images in one chunk of a sum over the batch; doubled until the partial sums of all chunks fit.
CHUNK_IMAGES = 8
MOST_PARTIAL_BYTES = 16 << 20


def _is_matrix_product(g: Geometry) -> bool:
    """A 1x1 convolution that skips and pads nothing multiplies the matrix of all pixels."""
    one_step = (g.kh, g.kw, g.sh, g.sw, g.groups) == (1, 1, 1, 1, 1)
    return one_step and (g.oh, g.ow) == (g.ih, g.iw) and (g.pt, g.pl) == (0, 0)


def _is_one_product(g: Geometry) -> bool:
    """A kernel that covers the image, once, multiplies the matrix of all images."""
    covered = (g.kh, g.kw, g.oh, g.ow, g.groups) == (g.ih, g.iw, 1, 1, 1)
    return (
        covered and (g.pt, g.pl, g.pb, g.pr) == (0, 0, 0, 0) and (g.dh == 1 or g.kh == 1) and (g.dw == 1 or g.kw == 1)
    )


def prepare_weights(steps: Steps, g: Geometry, w: Buffer, *, exact: bool, keep: winograd.Keep) -> Buffer | None:
    """The weights as Winograd's algorithm reads them; None where the sum is computed directly."""
    side = None if winograd.reason_direct(g, exact=exact) else winograd.tile_side(g)
    return None if side is None else winograd.prepare(steps, g, w, side, keep)


def forward(
    steps: Steps,
    g: Geometry,
    x: Buffer,
    w: Buffer,
    bias: Buffer | None,
    y: Buffer,
    *,
    relu: bool,
    turned: Buffer | None = None,
    note: str | None = None,
) -> None:
    """y = conv(x, w) + bias, then max(0, y) with `relu`; `turned` are the weights that `prepare_weights` prepared,
    which are released, and `note` says why there are none."""
    side = None if turned is None else winograd.tile_side(g)
    if turned is not None and side is not None:
        together = winograd.together(g, side)
        shares = by_image(g, together)
        winograd.convolve(steps, g, x, turned, bias, y, side, relu=relu, together=together, images=shares)
        steps.release(turned)
        return
    if _is_matrix_product(g):
        dense.forward(steps, g.n * g.ih * g.iw, g.ic, g.oc, x, w, bias, y, relu=relu)
        return
    if _is_one_product(g):
        dense.forward(steps, g.n, g.ih * g.iw * g.ic, g.oc, x, w, bias, y, relu=relu)
        return
    fields, images = g.fields() | {"relu": int(relu)}, by_image(g) if g.groups == 1 else None
    steps.add(kernel_of("conv2d_forward", g), fields, x, w, bias, y, work=g.multiply_adds, images=images, note=note)


def transposed(
    steps: Steps, g: Geometry, dy: Buffer, w: Buffer, bias: Buffer | None, dx: Buffer, *, relu: bool
) -> None:
    """dx + bias, then its ReLU: the gradient of the convolution `g` as a layer of its own."""
    if _is_matrix_product(g):
        dense.transposed(steps, g.n * g.ih * g.iw, g.ic, g.oc, dy, w, bias, dx, relu=relu)
    else:
        turned = Turned(steps, g, w)
        turned.spread(g, dy, bias, dx, relu=relu)
        turned.release()


def backward_data(steps: Steps, g: Geometry, dy: Buffer, w: Buffer, dx: Buffer, *, exact: bool = True) -> None:
    """dx from dy; by Winograd's algorithm where that pays, unless `exact`."""
    if _is_matrix_product(g):
        dense.backward_data(steps, g.n * g.ih * g.iw, g.ic, g.oc, dy, w, dx)
        return
    if _is_one_product(g):
        dense.backward_data(steps, g.n, g.ih * g.iw * g.ic, g.oc, dy, w, dx)
        return
    turned, back = Turned(steps, g, w), winograd.backward_geometry(g)
    prepared = None
    if turned.whole:
        prepared = prepare_weights(steps, back, turned.buffer, exact=exact, keep=lambda size: None)
    if prepared is not None:
        forward(steps, back, dy, turned.buffer, None, dx, relu=False, turned=prepared)
    else:
        turned.spread(g, dy, None, dx)
        for part, first, strip in border.strips(steps, g, dx):
            turned.spread(part, dy.at(first * g.oh * g.ow * g.oc * steps.item_bytes), None, strip)
    turned.release()


def by_image(g: Geometry, together: int = 1) -> tuple[int, int]:
    """How the tasks of forward steps that go image by image, or a few images `together`, are shared."""
    return -(-g.n // together), winograd.SHARE_IMAGES // together


def by_chunk(g: Geometry) -> tuple[int, int]:
    """The same for backward steps: as many images as a partial sum has."""
    return g.n, CHUNK_IMAGES


def chunk_images(steps: Steps, g: Geometry, elements: int) -> int:
    """Images in a chunk, so that the partial sums of `elements` each stay within bounds. Depends on the problem
    alone."""
    chunk = CHUNK_IMAGES
    while chunk < g.n and -(-g.n // chunk) * elements * steps.item_bytes > MOST_PARTIAL_BYTES:
        chunk *= 2
    return chunk


def backward_weights(steps: Steps, g: Geometry, x: Buffer, dy: Buffer, dw: Buffer, db: Buffer | None) -> None:
    """dw, and db if it is wanted, from x and dy."""
    elements = g.w_size
    chunk = chunk_images(steps, g, elements)
    chunks = -(-g.n // chunk)
    partial = dw if chunks == 1 else steps.reals(chunks * elements)
    partial_weights(steps, g, chunk, x, dy, partial)
    if chunks > 1:
        steps.add("sum_chunks", {"n": chunks, "count": elements}, partial, dw, work=chunks * elements)
        steps.release(partial)
    if db is not None:
        sum_over_rows(steps, g.y_shape, dy, db)


def partial_weights(
    steps: Steps, g: Geometry, chunk: int, x: Buffer, dy: Buffer, partial: Buffer, *, adds: bool = False
) -> None:
    """dw of each chunk of images, side by side; with `adds`, on top of what is there."""
    fields = g.fields() | {"count": chunk, "kind": int(adds)}
    steps.add(kernel_of("conv2d_backward_weights", g), fields, x, dy, partial, work=g.multiply_adds)


def sum_over_rows(steps: Steps, shape: Shape, dy: Buffer, db: Buffer) -> None:
    """db[channel] = sum of dy, of `shape` (n, height, width, channels), over images and pixels."""
    n, height, width, channels = shape
    chunks = -(-n // CHUNK_IMAGES)
    partial = db if chunks == 1 else steps.reals(chunks * channels)
    fields = {"n": n, "oh": height, "ow": width, "oc": channels, "count": CHUNK_IMAGES}
    steps.add("sum_rows", fields, dy, partial, work=n * height * width * channels)
    if chunks > 1:
        steps.add("sum_chunks", {"n": chunks, "count": channels}, partial, db, work=chunks * channels)
        steps.release(partial)
