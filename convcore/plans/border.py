"""Steps that bring the gradient of a border back to the pixels that the border repeats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry

__all__ = ["strips"]

# The strips of so many bytes are worked on at once.
MOST_STRIP_BYTES = 4 << 20


def strips(steps: Steps, g: Geometry, dx: Buffer) -> Iterator[tuple[Geometry, int, Buffer]]:
    """The parts of a padded image that are no image: (its geometry, its first image, where its gradient goes).

    Whoever iterates plans the step that computes the gradient of the part; the step that adds it to dx follows. There
    are none where padding is zeros, whose gradient nobody wants.
    """
    if g.border == 0:
        return
    below = max(0, (g.oh - 1) * g.sh + (g.kh - 1) * g.dh + 1 - g.ih - g.pt)
    right = max(0, (g.ow - 1) * g.sw + (g.kw - 1) * g.dw + 1 - g.iw - g.pl)
    width = g.pl + g.iw + right
    # Rows and columns of the padded image, from where on: above, below, to the left, to the right.
    parts = (
        (g.pt, width, -g.pt, -g.pl),
        (below, width, g.ih, -g.pl),
        (g.ih, g.pl, 0, -g.pl),
        (g.ih, right, 0, g.iw),
    )
    for rows, columns, row, column in parts:
        image = rows * columns * g.ic
        if image == 0:
            continue
        count = max(1, min(g.n, MOST_STRIP_BYTES // (image * steps.item_bytes)))
        for first in range(0, g.n, count):
            n = min(count, g.n - first)
            strip = steps.reals(n * image)
            yield replace(g, n=n, ih=rows, iw=columns, pt=g.pt + row, pl=g.pl + column, border=0), first, strip
            fields = {"n": n, "ih": g.ih, "iw": g.iw, "ic": g.ic, "oh": rows, "ow": columns, "oc": g.ic}
            fields |= {"pt": -row, "pl": -column, "border": g.border}
            target = dx.at(first * g.ih * g.iw * g.ic * steps.item_bytes)
            steps.add("add_border", fields, strip, target, work=n * image)
            steps.release(strip)
