"""A convolution in parts that fit into memory: some images of the batch, or a tile of one image with what it reads."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from convcore.shapes import Geometry

__all__ = ["Part", "Window", "from_output", "from_outside", "from_x", "outside", "tiles"]


@dataclass(frozen=True, slots=True)
class Window:
    """Rows, `step` apart, and columns of an image, from the first of each on; some may lie outside of it."""

    row: int
    rows: int
    column: int
    columns: int
    step: int = 1

    @property
    def pixels(self) -> int:
        return self.rows * self.columns


@dataclass(frozen=True, slots=True)
class Part:
    """The images from `first` on, as many as `g` has, and which pixels of them: `g` is that part by itself."""

    g: Geometry
    first: int
    x: Window
    y: Window


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of a geometry: sizes of x and y, kernel, stride, dilation, padding in front."""

    x: int
    y: int
    k: int
    s: int
    d: int
    pad: int

    def read(self, first: int, count: int) -> tuple[int, int]:
        """What outputs read, (first, count); some may be padding."""
        return first * self.s - self.pad, (count - 1) * self.s + (self.k - 1) * self.d + 1

    def inside(self, first: int, count: int) -> tuple[int, int]:
        """What of that is there, one place at least."""
        start = min(max(first, 0), self.x - 1)
        return start, max(1, min(first + count, self.x) - start)

    def met(self, first: int, count: int) -> tuple[int, int]:
        """The outputs that inputs are read for, one at least."""
        start = min(max(0, (first + self.pad - (self.k - 1) * self.d) // self.s), self.y - 1)
        return start, max(1, min(self.y, (first + count - 1 + self.pad) // self.s + 1) - start)

    def read_by_taps(self, place: int) -> list[tuple[int, int]]:
        """What of x that is there the taps of one output read: (tap, place)."""
        places = ((tap, place * self.s - self.pad + tap * self.d) for tap in range(self.k))
        return [(tap, at) for tap, at in places if 0 <= at < self.x]

    def met_by_taps(self, place: int) -> list[tuple[int, int]]:
        """What of y that is there the taps that read one input are for: (tap, place)."""
        places = ((tap, place + self.pad - tap * self.d) for tap in range(self.k))
        return [(tap, at // self.s) for tap, at in places if at % self.s == 0 and 0 <= at // self.s < self.y]


def _axes(g: Geometry) -> tuple[_Axis, _Axis]:
    return _Axis(g.ih, g.oh, g.kh, g.sh, g.dh, g.pt), _Axis(g.iw, g.ow, g.kw, g.sw, g.dw, g.pl)


def from_output(g: Geometry, most: int) -> Iterator[Part]:
    """Parts of the output and what of x they read, of `most` elements of both at most where a pixel's are not more.

    Where a border repeats the image, the windows of tiles hold it.
    """
    rows, columns = _axes(g)

    def size(height: int, width: int) -> int:
        return rows.read(0, height)[1] * columns.read(0, width)[1] * g.ic + height * width * g.oc

    yield from _images(g, most)
    if _fits(g, most):
        return
    for n in range(g.n):
        if size(1, 1) > most:
            yield from _lines_from_output(g, n, most)
            continue
        for y in tiles(Window(0, g.oh, 0, g.ow), size, most):
            read, across = rows.read(y.row, y.rows), columns.read(y.column, y.columns)
            if not g.border:
                read, across = rows.inside(*read), columns.inside(*across)
            yield _part(g, n, Window(*read, *across), y)


def _lines_from_output(g: Geometry, n: int, most: int) -> Iterator[Part]:
    """Lines of an output whose taps lie so far apart that only the rows which they read are taken."""
    rows, columns = _axes(g)

    def size(height: int, width: int) -> int:
        return height * (g.kh * columns.read(0, width)[1] * g.ic + width * g.oc)

    for row in range(g.oh):
        read = [(0, row * g.sh - g.pt)] if g.border else rows.read_by_taps(row)
        (pad, first), count = read[0] if read else (g.kh, 0), g.kh if g.border else max(1, len(read))
        for y in tiles(Window(row, 1, 0, g.ow), size, most):
            across = columns.read(y.column, y.columns)
            x = Window(first, count, *(across if g.border else columns.inside(*across)), g.dh)
            yield Part(replace(_part(g, n, x, y).g, dh=1, pt=pad), n, x, y)


def from_x(g: Geometry, most: int) -> Iterator[Part]:
    """Parts of x, and the outputs that they are read for; a border of tiles is not part of them."""
    yield from _images(g, most)
    if not _fits(g, most):
        for n in range(g.n):
            yield from _of_x(g, n, Window(0, g.ih, 0, g.iw), most, 1)


def from_outside(g: Geometry, most: int) -> Iterator[Part]:
    """Of each image the tiles of a border that repeats the image, and the outputs that they are read for; their pixels
    count twice."""
    for n in range(g.n):
        for region in outside(g):
            yield from _of_x(g, n, region, most, 2)


def outside(g: Geometry) -> Iterator[Window]:
    """What of a padded image is no image, where the padding repeats the image: above, below, to the left, to the
    right."""
    if g.border == 0:
        return
    rows, columns = _axes(g)
    below, right = (max(0, sum(axis.read(0, axis.y)) - axis.x) for axis in (rows, columns))
    width = g.pl + g.iw + right
    regions = (
        Window(-g.pt, g.pt, -g.pl, width),
        Window(g.ih, below, -g.pl, width),
        Window(0, g.ih, -g.pl, g.pl),
        Window(0, g.ih, g.iw, right),
    )
    yield from (region for region in regions if region.pixels)


def _copied(g: Geometry) -> int:
    """Elements of an image and of its output where it matters that their channels stand first."""
    x, y = g.ih * g.iw, g.oh * g.ow
    return (x * g.ic if min(x, g.ic) > 1 else 0) + (y * g.oc if min(y, g.oc) > 1 else 0)


def _fits(g: Geometry, most: int) -> bool:
    return _copied(g) <= most


def _images(g: Geometry, most: int) -> Iterator[Part]:
    """Whole images, as many at once as fit; none if one does not."""
    if _fits(g, most):
        count = most // _copied(g) if _copied(g) else g.n
        for first in range(0, g.n, count):
            images = g.with_batch(min(count, g.n - first))
            yield Part(images, first, Window(0, g.ih, 0, g.iw), Window(0, g.oh, 0, g.ow))


def _of_x(g: Geometry, n: int, region: Window, most: int, copies: int) -> Iterator[Part]:
    rows, columns = _axes(g)

    def size(height: int, width: int) -> int:
        met = (height + (g.kh - 1) * g.dh) // g.sh + 2, (width + (g.kw - 1) * g.dw) // g.sw + 2
        return copies * height * width * g.ic + min(met[0], g.oh) * min(met[1], g.ow) * g.oc

    if size(1, 1) > most:
        yield from _lines_of_x(g, n, region, most, copies)
        return
    for x in tiles(region, size, most):
        yield _part(g, n, x, Window(*rows.met(x.row, x.rows), *columns.met(x.column, x.columns)))


def _lines_of_x(g: Geometry, n: int, region: Window, most: int, copies: int) -> Iterator[Part]:
    """Lines of x whose taps lie so far apart that only the rows of the output which they are read for are taken."""
    rows, columns = _axes(g)
    common = math.gcd(g.sh, g.dh)

    def size(height: int, width: int) -> int:
        met = (width + (g.kw - 1) * g.dw) // g.sw + 2
        return height * (copies * width * g.ic + g.kh * min(met, g.ow) * g.oc)

    for row in range(region.row, region.row + region.rows):
        met = rows.met_by_taps(row)
        (pad, first), count = met[-1] if met else (g.kh, 0), max(1, len(met))
        for x in tiles(Window(row, 1, region.column, region.columns), size, most):
            y = Window(first, count, *columns.met(x.column, x.columns), g.dh // common)
            yield Part(replace(_part(g, n, x, y).g, dh=1, sh=g.sh // common, pt=pad), n, x, y)


def _part(g: Geometry, n: int, x: Window, y: Window) -> Part:
    """The convolution from the pixels of x to those of y, whose padding is what of x is not there."""
    tile = replace(g, n=1, ih=x.rows, iw=x.columns, oh=y.rows, ow=y.columns, border=0)
    tile = replace(tile, pt=x.row + g.pt - y.row * g.sh, pl=x.column + g.pl - y.column * g.sw)
    return Part(tile, n, x, y)


def tiles(whole: Window, size: Callable[[int, int], int], most: int) -> Iterator[Window]:
    """Tiles of `whole` with a `size` (of rows and columns) of `most`: whole rows if one of them fits."""
    rows, columns = whole.rows, whole.columns
    while columns > 1 and size(1, columns) > most:
        columns = -(-columns // 2)
    while rows > 1 and size(rows, columns) > most:
        rows = -(-rows // 2)
    for row in range(0, whole.rows, rows):
        for column in range(0, whole.columns, columns):
            height, width = min(rows, whole.rows - row), min(columns, whole.columns - column)
            yield Window(whole.row + row, height, whole.column + column, width)
