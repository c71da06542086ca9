"""Steps over images whose channels stand first: they are put last for the kernels, some images or a tile of one at a
time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from convcore.plans import border, conv
from convcore.plans.permute import permute
from convcore.plans.steps import Buffer, Steps
from convcore.plans.tiles import Part, Window, from_output, from_outside, from_x
from convcore.shapes import Geometry

__all__ = ["backward", "backward_weights", "forward"]

Step = Callable[[Geometry, Buffer, Buffer], None]

# Bytes of images that are in the arena at once, if what a pixel takes is not more.
MOST_BYTES = 8 << 20

LAST, FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


def forward(steps: Steps, g: Geometry, x: Buffer, y: Buffer, step: Step) -> None:
    """Plan `step` (geometry, source, target), which takes channels last, from x to y with channels first."""
    _steps(steps, list(from_output(g, _most(steps))), _Side(g, x, "x", g.border), _Side(g, y, "y"), step)


def backward(steps: Steps, g: Geometry, dy: Buffer, dx: Buffer, step: Step) -> None:
    """The same from dy to dx, where `step` does what `conv.backward_data` does."""
    parts, source, target = list(from_x(g, _most(steps))), _Side(g, dy, "y"), _Side(g, dx, "x")
    _steps(steps, parts, source, target, step)
    if parts[0].g.border == g.border:  # the step has seen to it
        return
    parts = list(from_outside(g, _most(steps)))
    rooms = source.room(steps, parts), target.room(steps, parts), target.room(steps, parts)
    for part in parts:
        gradient, strip, planes = source.channels_last(steps, part, rooms[0]), *rooms[1:]
        step(part.g, gradient, strip)
        permute(steps, (1, part.x.rows, part.x.columns, g.ic), FIRST, strip, planes)
        border.add(steps, replace(g, n=g.ic, ic=1), part.x, planes, target.image(steps, part))
    for room in rooms:
        steps.release(room)


def _steps(steps: Steps, parts: list[Part], source: _Side, target: _Side, step: Step) -> None:
    rooms = source.room(steps, parts), target.room(steps, parts)
    for part in parts:
        x = source.channels_last(steps, part, rooms[0])
        if target.stays(part):
            step(part.g, x, target.image(steps, part))
        else:
            step(part.g, x, rooms[1])
            target.channels_first(steps, part, rooms[1])
    for room in rooms:
        steps.release(room)


def backward_weights(
    steps: Steps, g: Geometry, x: Buffer, dy: Buffer, dw: Buffer, db: Buffer, *, of_x: bool = False
) -> None:
    """dw from x and dy with channels first, and db, the sum over the pixels of dy, or `of_x`."""
    parts, size = list(from_output(g, _most(steps))), g.w_size
    # The sums of parts side by side, as many as fit; when they are full, the first of them takes their sum. Where not
    # two of them fit, there is one, to which each part adds.
    slots = min(len(parts), conv.MOST_PARTIAL_BYTES // (size * steps.item_bytes))
    held, used = dw if slots < 2 else steps.reals(slots * size), 0
    sides = _Side(g, x, "x", g.border), _Side(g, dy, "y")
    # Tiles of x overlap: those are no parts of a sum over its pixels.
    sums = None if of_x and not sides[0].whole(parts[0]) else _Sums(steps, sides[0 if of_x else 1], len(parts))
    rooms = [side.room(steps, parts) for side in sides]
    for number, part in enumerate(parts):
        if 1 < slots == used:
            steps.add("sum_chunks", {"n": used, "count": size}, held, held, work=used * size)
            used = 1
        source, gradient = (side.channels_last(steps, part, room) for side, room in zip(sides, rooms, strict=True))
        place = held.at(used * size * steps.item_bytes)
        conv.partial_weights(steps, part.g, part.g.n, source, gradient, place, adds=slots < 2 and number > 0)
        used += slots > 1
        if sums is not None:
            sums.add(part, source if of_x else gradient)
    for room in rooms:
        steps.release(room)
    if slots > 1:
        steps.add("sum_chunks", {"n": used, "count": size}, held, dw, work=used * size)
        steps.release(held)
    if sums is None:
        sums = _sums_of(steps, sides[0], g)
    sums.finish(db)


class _Sums:
    """The sums over the pixels of `count` parts, and of these."""

    def __init__(self, steps: Steps, side: _Side, count: int) -> None:
        self._steps, self._side, self._count, self._used = steps, side, count, 0
        self._held = steps.reals(count * side.channels)

    def add(self, part: Part, images: Buffer) -> None:
        """Those of a part's images, with channels last."""
        window, channels = self._side.window(part), self._side.channels
        fields = {"n": part.g.n, "oh": window.rows, "ow": window.columns, "oc": channels, "count": part.g.n}
        place = self._held.at(self._used * channels * self._steps.item_bytes)
        self._steps.add("sum_rows", fields, images, place, work=part.g.n * window.pixels * channels)
        self._used += 1

    def finish(self, total: Buffer) -> None:
        fields = {"n": self._count, "count": self._side.channels}
        self._steps.add("sum_chunks", fields, self._held, total, work=self._count * self._side.channels)
        self._steps.release(self._held)


def _sums_of(steps: Steps, x: _Side, g: Geometry) -> _Sums:
    """The sums over the pixels of x, in tiles that do not overlap."""
    parts = list(from_x(replace(g, oc=0), _most(steps)))
    sums, room = _Sums(steps, x, len(parts)), x.room(steps, parts)
    for part in parts:
        sums.add(part, x.channels_last(steps, part, room))
    steps.release(room)
    return sums


def _most(steps: Steps) -> int:
    return MOST_BYTES // steps.item_bytes


class _Side:
    """x ("x") or y ("y") of a convolution, images with their channels first; around x lies a border of `mode`."""

    def __init__(self, g: Geometry, images: Buffer, name: str, mode: int = 0) -> None:
        self._name, self._images, self._mode = name, images, mode
        _, self._height, self._width, self.channels = g.x_shape if name == "x" else g.y_shape

    def window(self, part: Part) -> Window:
        """Which pixels of the images the part has."""
        return part.x if self._name == "x" else part.y

    def whole(self, part: Part) -> bool:
        """Whether these are all pixels, and no border."""
        return self.window(part) == Window(0, self._height, 0, self._width)

    def stays(self, part: Part) -> bool:
        """Whether the part's images lie as they are to lie: whole, and of one channel or one pixel."""
        return self.whole(part) and min(self.channels, self._height * self._width) == 1

    def room(self, steps: Steps, parts: list[Part]) -> Buffer:
        """A place for any of the parts with its channels last."""
        sizes = (part.g.n * self.window(part).pixels for part in parts if not self.stays(part))
        return steps.reals(max(sizes, default=0) * self.channels)

    def image(self, steps: Steps, part: Part) -> Buffer:
        """Where the first image of the part is."""
        return self._images.at(part.first * self._height * self._width * self.channels * steps.item_bytes)

    def channels_last(self, steps: Steps, part: Part, room: Buffer) -> Buffer:
        """The window of the part's images with channels last, in `room` if they have to be put there."""
        x, window, item = self.image(steps, part), self.window(part), steps.item_bytes
        if self.stays(part):
            return x
        x_steps, y_steps = self._steps(window)
        for to_row, row, rows in _runs(window.row, window.rows, window.step, self._height, self._mode):
            for to_column, column, columns in _runs(window.column, window.columns, 1, self._width, self._mode):
                source = x.at((row * self._width + column) * item)
                target = room.at((to_row * window.columns + to_column) * self.channels * item)
                shape = (part.g.n, self.channels, rows, columns)
                permute(steps, shape, LAST, source, target, x_steps=x_steps, y_steps=y_steps)
        return room

    def channels_first(self, steps: Steps, part: Part, room: Buffer) -> None:
        """The window of the part's images from `room`, where their channels are last."""
        window = self.window(part)
        y_steps, x_steps = self._steps(window)
        target = self.image(steps, part).at((window.row * self._width + window.column) * steps.item_bytes)
        shape = (part.g.n, window.rows, window.columns, self.channels)
        permute(steps, shape, FIRST, room, target, x_steps=x_steps, y_steps=y_steps)

    def _steps(self, window: Window) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Elements from one place to the next along each axis of the images, and of a room for the window."""
        pixels, channels = self._height * self._width, self.channels
        first = (pixels * channels, pixels, self._width * window.step, 1)
        return first, (window.pixels * channels, window.columns * channels, channels, 1)


def _runs(first: int, count: int, step: int, size: int, mode: int) -> Iterator[tuple[int, int, int]]:
    """(where to, where from, how many) of what lies in a row among `count` places from `first` on, `step` apart, of
    `size` that there are and a border of `mode` around them."""
    start, stop = max(0, -(first // step)), min(count, (size - 1 - first) // step + 1)
    if start < stop:
        yield start, first + start * step, stop - start
    for i in (i for i in range(count) if not start <= i < stop):
        yield i, border.place(first + i * step, size, mode), 1
