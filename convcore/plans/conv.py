"""Steps of a convolution and of its gradients."""

from __future__ import annotations

from convcore.plans import dense
from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry

__all__ = ["backward_data", "backward_weights", "by_image", "chunk_images", "forward", "sum_over_rows"]

# Images in one chunk of a sum over the batch; doubled until the partial sums of all chunks fit.
CHUNK_IMAGES = 8
MOST_PARTIAL_BYTES = 16 << 20


def _is_matrix_product(g: Geometry) -> bool:
    """A 1x1 convolution that skips and pads nothing multiplies the matrix of all pixels."""
    one_step = (g.kh, g.kw, g.sh, g.sw, g.groups) == (1, 1, 1, 1, 1)
    return one_step and (g.oh, g.ow) == (g.ih, g.iw) and (g.pt, g.pl) == (0, 0)


def _kernel(name: str, g: Geometry) -> str:
    """The kernel for `g`: those in groups have their own."""
    return name if g.groups == 1 else f"{name}_groups"


def forward(steps: Steps, g: Geometry, x: Buffer, w: Buffer, bias: Buffer | None, y: Buffer, *, relu: bool) -> None:
    """y = conv(x, w) + bias, then max(0, y) with `relu`."""
    if _is_matrix_product(g):
        dense.forward(steps, g.n * g.ih * g.iw, g.ic, g.oc, x, w, bias, y, relu=relu)
        return
    steps.add(_kernel("conv2d_forward", g), g.fields() | {"relu": int(relu)}, x, w, bias, y, work=g.multiply_adds)


def backward_data(steps: Steps, g: Geometry, dy: Buffer, w: Buffer, dx: Buffer) -> None:
    """dx from dy."""
    if _is_matrix_product(g):
        dense.backward_data(steps, g.n * g.ih * g.iw, g.ic, g.oc, dy, w, dx)
        return
    turned = steps.reals(g.w_size)
    steps.add(_kernel("conv2d_turn_weights", g), g.fields(), w, turned, work=g.w_size)
    steps.add(_kernel("conv2d_backward_data", g), g.fields(), dy, turned, None, dx, work=g.multiply_adds)
    steps.release(turned)


def by_image(g: Geometry) -> tuple[int, int]:
    """How tasks that go image by image are shared: CHUNK_IMAGES at a time, as many as a partial sum has."""
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
    fields = g.fields() | {"count": chunk}
    steps.add(_kernel("conv2d_backward_weights", g), fields, x, dy, partial, work=g.multiply_adds)
    if chunks > 1:
        steps.add("sum_chunks", {"n": chunks, "count": elements}, partial, dw, work=chunks * elements)
        steps.release(partial)
    if db is not None:
        sum_over_rows(steps, g, dy, db)


def sum_over_rows(steps: Steps, g: Geometry, dy: Buffer, db: Buffer) -> None:
    """db[oc] = sum of dy over images and pixels."""
    chunks = -(-g.n // CHUNK_IMAGES)
    partial = db if chunks == 1 else steps.reals(chunks * g.oc)
    steps.add("sum_rows", g.fields() | {"count": CHUNK_IMAGES}, dy, partial, work=g.n * g.oh * g.ow * g.oc)
    if chunks > 1:
        steps.add("sum_chunks", {"n": chunks, "count": g.oc}, partial, db, work=chunks * g.oc)
        steps.release(partial)
