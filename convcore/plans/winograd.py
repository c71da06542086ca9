"""Steps of a 3x3 convolution by Winograd's algorithm, and when it pays."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from convcore.memory import CACHE_LINE, whole_lines
from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry

__all__ = [
    "SHARE_IMAGES",
    "Keep",
    "backward_geometry",
    "convolve",
    "frequencies",
    "prepare",
    "reason_direct",
    "tile_side",
    "tiles",
    "together",
]

#: Images that a thread takes through all steps of a forward group before it takes the next ones.
SHARE_IMAGES = 4

#: Gives so many bytes that outlive a run, zeros at first, or None where nothing lasts.
Keep = Callable[[int], "Buffer | None"]

# Multiply-adds that transforms cost a tile and a channel, in and out, by the side of the tile: measured, as the next.
TRANSFORM_COSTS = {2: 210, 4: 615, 5: 870}
# Fewer tiles than this wait for the weights: for those that lie in a core's own cache, and for larger ones.
FEW_TILES, FEW_TILES_OF_MANY_WEIGHTS = 6, 28
MANY_WEIGHTS_BYTES = 4 << 20
MOST_WEIGHTS_BYTES = 24 << 20
# Tiles that one task takes through the weights, and tasks that are left for the threads; tiles that the kernel takes at
# once however many channels there are, see winograd_part.h.
TILES_TOGETHER, LEAST_TASKS = 16, 8
TILES_IN_BLOCK = 7
LEAST_CHANNELS = 16
MOST_CHANNELS = 1024


def frequencies(side: int) -> int:
    """Of a tile of `side` x `side` outputs."""
    return (side + 2) ** 2


def tiles(g: Geometry, side: int) -> int:
    """Of all images."""
    return g.n * -(-g.oh // side) * -(-g.ow // side)


def together(g: Geometry, side: int) -> int:
    """How many images of few tiles go through the weights at once, where there are so many that tasks stay: 1, 2 or
    4."""
    count = tiles(g.with_batch(1), side)
    most = min(TILES_TOGETHER // count, g.n // LEAST_TASKS, SHARE_IMAGES) if count <= TILES_IN_BLOCK else 1
    return 1 << max(0, most.bit_length() - 1)


def weight_bytes(g: Geometry, side: int, item_bytes: int) -> int:
    """Of the turned weights: those of each frequency end with a cache line of padding, see winograd.h."""
    return frequencies(side) * (g.ic * g.oc * item_bytes + CACHE_LINE)


def reason_direct(g: Geometry, *, exact: bool) -> str | None:
    """Why the sum is computed directly; None if Winograd's algorithm computes it. The size of the batch has no say: it
    must not change an image's bits."""
    if exact:
        return "exact maths: no Winograd"
    if (g.kh, g.kw, g.sh, g.sw, g.dh, g.dw, g.groups, g.border) != (3, 3, 1, 1, 1, 1, 1, 0):
        return "Winograd is for 3x3 kernels with stride and dilation 1, without groups, padded with zeros"
    if min(g.ic, g.oc) < LEAST_CHANNELS or max(g.ic, g.oc) > MOST_CHANNELS:
        return f"fewer than {LEAST_CHANNELS} channels or more than {MOST_CHANNELS}: no Winograd"
    if tile_side(g) is None:
        return "few pixels for so many weights: no Winograd"
    return None


def tile_side(g: Geometry, sides: Collection[int] = tuple(TRANSFORM_COSTS)) -> int | None:
    """The side of the tiles that cost least; None if the direct sum costs less."""
    direct = g.oh * g.ow * 9 * g.ic * g.oc
    costs = {side: _cost(g, side) for side in sides if weight_bytes(g, side, 4) <= MOST_WEIGHTS_BYTES}
    best = min(costs, key=lambda side: costs[side], default=None)
    return best if best is not None and costs[best] < direct else None


def _cost(g: Geometry, side: int) -> int:
    """Of one image, in multiply-adds; its weights are turned once."""
    count = tiles(g.with_batch(1), side)
    many = weight_bytes(g, side, 4) > MANY_WEIGHTS_BYTES
    rows = max(count, FEW_TILES_OF_MANY_WEIGHTS if many else FEW_TILES)
    return frequencies(side) * (rows + 1) * g.ic * g.oc + TRANSFORM_COSTS[side] * count * (g.ic + g.oc)


def prepare(steps: Steps, g: Geometry, w: Buffer, side: int, keep: Keep) -> Buffer:
    """The weights w (3, 3, ic, oc), turned: anew only if they have changed, where `keep` gives them a place."""
    size, known_size = weight_bytes(g, side, steps.item_bytes), whole_lines(g.w_size * steps.item_bytes)
    known = keep(known_size + size)
    turned = steps.bytes(size) if known is None else known.at(known_size)
    steps.add("winograd_weights", g.fields() | {"kind": side}, w, known, turned, work=frequencies(side) * g.ic * g.oc)
    return turned


def convolve(
    steps: Steps,
    g: Geometry,
    x: Buffer,
    turned: Buffer,
    bias: Buffer | None,
    y: Buffer,
    side: int,
    *,
    relu: bool,
    together: int,
    images: tuple[int, int],
) -> None:
    """y = conv(x, w) + bias, then max(0, y) with `relu`, from the turned weights."""
    fields = g.fields() | {"kind": side, "relu": int(relu), "count": together}
    work = tiles(g, side) * frequencies(side) * g.ic * g.oc
    steps.add("conv2d_winograd", fields, x, turned, bias, y, work=work, images=images)


def backward_geometry(g: Geometry) -> Geometry:
    """The convolution that takes dy to dx, with the taps turned round: what `g` padded is cut off, what it did not is
    padded."""
    turned = replace(g, ih=g.oh, iw=g.ow, ic=g.oc, oh=g.ih, ow=g.iw, oc=g.ic)
    return replace(turned, pt=2 - g.pt, pl=2 - g.pl, pb=2 - g.pb, pr=2 - g.pr)
