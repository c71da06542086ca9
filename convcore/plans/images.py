"""Steps over images whose channels stand first: they are put last for the kernels, a part of the batch at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from convcore.plans import conv
from convcore.plans.permute import permute
from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry

__all__ = ["backward_weights", "on_images", "sum_over_pixels"]

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


def backward_weights(steps: Steps, g: Geometry, x: Buffer, dy: Buffer, dw: Buffer) -> None:
    """dw from x and dy with channels first."""
    x_shape, y_shape, size = g.x_shape[1:], g.y_shape[1:], math.prod(g.w_shape)
    x_bytes, y_bytes = (math.prod(shape) * steps.item_bytes for shape in (x_shape, y_shape))
    parts = list(_parts(g.n, x_bytes + y_bytes))
    # The sums of parts side by side, as many as fit; when they are full, the first of them takes their sum.
    slots = max(2, min(len(parts), conv.MOST_PARTIAL_BYTES // (size * steps.item_bytes)))
    held, used = steps.reals(slots * size), 0
    for first, count in parts:
        if used == slots:
            steps.add("sum_chunks", {"n": used, "count": size}, held, held, work=used * size)
            used = 1
        source = _channels_last(steps, count, x_shape, x.at(first * x_bytes))
        gradient = _channels_last(steps, count, y_shape, dy.at(first * y_bytes))
        place = held.at(used * size * steps.item_bytes)
        conv.partial_weights(steps, g.with_batch(count), count, source, gradient, place)
        steps.release(source)
        steps.release(gradient)
        used += 1
    steps.add("sum_chunks", {"n": used, "count": size}, held, dw, work=used * size)
    steps.release(held)


def sum_over_pixels(steps: Steps, n: int, shape: Shape, dy: Buffer, db: Buffer) -> None:
    """db[channel] = sum of dy, images of `shape` (height, width, channels) with their channels first."""
    height, width, channels = shape
    image_bytes = math.prod(shape) * steps.item_bytes
    parts = list(_parts(n, image_bytes))
    held = steps.reals(len(parts) * channels)
    for number, (first, count) in enumerate(parts):
        gradient = _channels_last(steps, count, shape, dy.at(first * image_bytes))
        fields = {"n": count, "oh": height, "ow": width, "oc": channels, "count": count}
        place = held.at(number * channels * steps.item_bytes)
        steps.add("sum_rows", fields, gradient, place, work=count * math.prod(shape))
        steps.release(gradient)
    steps.add("sum_chunks", {"n": len(parts), "count": channels}, held, db, work=len(parts) * channels)
    steps.release(held)


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
