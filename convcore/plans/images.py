"""Steps over images whose channels stand first: they are put last for the kernels, a part of the batch at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from convcore.plans import conv
from convcore.plans.permute import permute
from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry

__all__ = ["backward_weights", "on_images"]

Shape = tuple[int, ...]

# Bytes of images that are in the arena at once, if an image is not larger.
MOST_BYTES = 8 << 20


def on_images(
    steps: Steps,
    n: int,
    x_shape: Shape,
    y_shape: Shape,
    x: Buffer,
    y: Buffer,
    step: Callable[[int, Buffer, Buffer], None],
) -> None:
    """Plan `step` (images, source, target), which takes channels last, from x to y with channels first.

    `x_shape` and `y_shape` are (height, width, channels) of one image.
    """
    x_bytes, y_bytes = (math.prod(shape) * steps.item_bytes for shape in (x_shape, y_shape))
    for first, count in _parts(n, x_bytes + y_bytes):
        source = _channels_last(steps, count, x_shape, x.at(first * x_bytes))
        target = y.at(first * y_bytes)
        place = steps.bytes(count * y_bytes) if _differs(y_shape) else target
        step(count, source, place)
        if place is not target:
            height, width, channels = y_shape
            permute(steps, (count, height, width, channels), (0, 3, 1, 2), place, target)
            steps.release(place)
        steps.release(source)


def backward_weights(
    steps: Steps, g: Geometry, x: Buffer, dy: Buffer, dw: Buffer, db: Buffer, *, of_x: bool = False
) -> None:
    """dw from x and dy with channels first, and db, the sum over the pixels of dy, or `of_x`."""
    x_shape, y_shape, size = g.x_shape[1:], g.y_shape[1:], math.prod(g.w_shape)
    x_bytes, y_bytes = (math.prod(shape) * steps.item_bytes for shape in (x_shape, y_shape))
    height, width, channels = x_shape if of_x else y_shape
    parts = list(_parts(g.n, x_bytes + y_bytes))
    # The sums of parts side by side, as many as fit; when they are full, the first of them takes their sum.
    slots = max(2, min(len(parts), conv.MOST_PARTIAL_BYTES // (size * steps.item_bytes)))
    held, used, sums = steps.reals(slots * size), 0, steps.reals(len(parts) * channels)
    for number, (first, count) in enumerate(parts):
        if used == slots:
            steps.add("sum_chunks", {"n": used, "count": size}, held, held, work=used * size)
            used = 1
        source = _channels_last(steps, count, x_shape, x.at(first * x_bytes))
        gradient = _channels_last(steps, count, y_shape, dy.at(first * y_bytes))
        place = held.at(used * size * steps.item_bytes)
        conv.partial_weights(steps, g.with_batch(count), count, source, gradient, place)
        fields = {"n": count, "oh": height, "ow": width, "oc": channels, "count": count}
        added, to = source if of_x else gradient, sums.at(number * channels * steps.item_bytes)
        steps.add("sum_rows", fields, added, to, work=count * height * width * channels)
        steps.release(source)
        steps.release(gradient)
        used += 1
    steps.add("sum_chunks", {"n": used, "count": size}, held, dw, work=used * size)
    steps.add("sum_chunks", {"n": len(parts), "count": channels}, sums, db, work=len(parts) * channels)
    steps.release(held)
    steps.release(sums)


def _parts(n: int, image_bytes: int) -> Iterator[tuple[int, int]]:
    """(first image, images) of parts of a batch."""
    count = max(1, min(n, MOST_BYTES // image_bytes))
    for first in range(0, n, count):
        yield first, min(count, n - first)


def _differs(shape: Shape) -> bool:
    """Whether it matters where the channels stand."""
    return shape[2] > 1 and shape[0] * shape[1] > 1


def _channels_last(steps: Steps, n: int, shape: Shape, x: Buffer) -> Buffer:
    """x, of `shape` (height, width, channels) with its channels first, with its channels last."""
    if not _differs(shape):
        return x
    height, width, channels = shape
    place = steps.reals(n * height * width * channels)
    permute(steps, (n, channels, height, width), (0, 2, 3, 1), x, place)
    return place
