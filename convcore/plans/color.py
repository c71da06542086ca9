"""Steps that change the brightness or the contrast of images, each by a number of its own."""

from __future__ import annotations

from dataclasses import dataclass

from convcore.plans import merge
from convcore.plans.activations import activation, activation_backward
from convcore.plans.affine import MAP, Ranges, random_affine
from convcore.plans.steps import Buffer, Steps

__all__ = ["Color", "change", "change_backward"]


@dataclass(frozen=True, slots=True)
class Color:
    """What is done to n images, which are `rows` times `pixels` times `columns` numbers: a number between `low` and
    `high` is added to each image, or, of the `contrast`, the distances from the mean of a row and a column are
    multiplied by it. Results are cut off below `floor` and above `ceiling`."""

    n: int
    rows: int
    pixels: int
    columns: int
    low: float
    high: float
    floor: float
    ceiling: float
    contrast: bool

    @property
    def count(self) -> int:
        return self.rows * self.pixels * self.columns

    @property
    def clip(self) -> dict[str, float]:
        return {"max_value": self.ceiling - self.floor, "negative_slope": 0.0, "threshold": 0.0}


def change(steps: Steps, c: Color, key: int, state: Buffer, x: Buffer, y: Buffer) -> Buffer:
    """y from x, with numbers drawn with `key` and `state`; returns what `change_backward` needs, for its caller to
    release."""
    kept = steps.reals(2 * c.count)
    numbers, before = kept, kept.at(steps.item_bytes * c.count)
    # The shift of a map of an image of one pixel is a number between its limits, of which each image has its own.
    maps = random_affine(steps, c.n, (1, 1), key, state, Ranges(shift_w=(-c.low, -c.high)))
    each = steps.reals(c.n)
    merge.copy_columns(steps, c.n, 1, maps.at(2 * steps.item_bytes), MAP, each, 1)
    merge.repeat(steps, c.n, c.count // c.n, 1, each, numbers)
    for buffer in (maps, each):
        steps.release(buffer)
    _apply(steps, c, x, numbers, before)
    _shift(steps, c, -c.floor, before)
    activation(steps, "relu", c.clip, c.count, before, y)
    _shift(steps, c, c.floor, y)
    return kept


def change_backward(steps: Steps, c: Color, kept: Buffer, dy: Buffer, dx: Buffer) -> None:
    """dx from dy, the gradient of y."""
    inside = steps.reals(c.count)
    activation_backward(steps, "relu", c.clip, c.count, dy, kept.at(steps.item_bytes * c.count), None, inside)
    if c.contrast:
        _apply(steps, c, inside, kept, dx)
    else:
        steps.add("scale_shift", {"count": c.count, "a": 1.0, "b": 0.0}, inside, dx, work=c.count)
    steps.release(inside)


def _apply(steps: Steps, c: Color, x: Buffer, numbers: Buffer, y: Buffer) -> None:
    if not c.contrast:
        merge.add(steps, c.count, x, numbers, y)
        return
    means, repeated = steps.reals(c.rows * c.columns), steps.reals(c.count)
    merge.repeat_backward(steps, c.rows, c.pixels, c.columns, x, means)
    fields = {"count": c.rows * c.columns, "a": 1 / c.pixels, "b": 0.0}
    steps.add("scale_shift", fields, means, means, work=c.rows * c.columns)
    merge.repeat(steps, c.rows, c.pixels, c.columns, means, repeated)
    merge.merge(steps, "subtract", c.count, x, repeated, y)
    merge.merge(steps, "multiply", c.count, y, numbers, y)
    merge.add(steps, c.count, y, repeated, y)
    for buffer in (means, repeated):
        steps.release(buffer)


def _shift(steps: Steps, c: Color, by: float, x: Buffer) -> None:
    if by:
        steps.add("scale_shift", {"count": c.count, "a": 1.0, "b": by}, x, x, work=c.count)
