"""Steps that bring the gradient of a border back to the pixels that the border repeats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from convcore.geometries import BORDERS
from convcore.plans.steps import Buffer, Steps
from convcore.plans.tiles import Window, outside, tiles
from convcore.shapes import Geometry

__all__ = ["add", "place", "strips"]

# The strips of so many bytes are worked on at once, if those of a pixel are not more.
MOST_STRIP_BYTES = 4 << 20

EDGE, MIRROR, SYMMETRIC, WRAP = map(BORDERS.index, ("edge", "mirror", "symmetric", "wrap"))


def place(i: int, size: int, mode: int) -> int:
    """Which of `size` rows (or columns) stands at row i of a border of `mode`, as `bordered` in band.h has it."""
    if mode == EDGE:
        return min(max(i, 0), size - 1)
    period = {MIRROR: max(1, 2 * size - 2), SYMMETRIC: 2 * size, WRAP: size}[mode]
    at = i % period
    return at if at < size else period - at - (mode == SYMMETRIC)


def strips(steps: Steps, g: Geometry, dx: Buffer) -> Iterator[tuple[Geometry, int, Buffer]]:
    """The parts of a padded image that are no image: (its geometry, its first image, where its gradient goes).

    Whoever iterates plans the step that computes the gradient of the part; the step that adds it to dx follows. There
    are none where padding is zeros, whose gradient nobody wants.
    """
    most = MOST_STRIP_BYTES // steps.item_bytes
    for region in outside(g):
        for window in tiles(region, lambda rows, columns: rows * columns * g.ic, most):
            pixels = window.pixels * g.ic
            count = max(1, min(g.n, most // pixels))
            for first in range(0, g.n, count):
                n = min(count, g.n - first)
                strip = steps.reals(n * pixels)
                part = replace(g, n=n, ih=window.rows, iw=window.columns, border=0)
                yield replace(part, pt=g.pt + window.row, pl=g.pl + window.column), first, strip
                add(steps, g.with_batch(n), window, strip, dx.at(first * g.ih * g.iw * g.ic * steps.item_bytes))
                steps.release(strip)


def add(steps: Steps, g: Geometry, window: Window, strip: Buffer, dx: Buffer) -> None:
    """dx += the gradient of what the border of `g` holds in `window`."""
    fields = {"n": g.n, "ih": g.ih, "iw": g.iw, "ic": g.ic, "oh": window.rows, "ow": window.columns, "oc": g.ic}
    fields |= {"pt": -window.row, "pl": -window.column, "border": g.border}
    steps.add("add_border", fields, strip, dx, work=g.n * window.pixels * g.ic)
