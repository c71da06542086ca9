"""Steps that put axes into another order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from convcore.plans.steps import Buffer, Steps

__all__ = ["permute"]


@dataclass(frozen=True, slots=True)
class _Axis:
    """Its length, and how many elements it is from one place along it to the next in x and in y."""

    length: int
    x_step: int
    y_step: int


# How the kernel calls the steps of the axes that keep their places, and their lengths: see permute.c.
OUTER = (("n", "pb", "pr"), ("oh", "th", "zh"), ("ow", "tw", "zw"))


def permute(
    steps: Steps,
    shape: Sequence[int],
    order: Sequence[int],
    x: Buffer,
    y: Buffer,
    *,
    x_steps: Sequence[int] | None = None,
    y_steps: Sequence[int] | None = None,
) -> None:
    """y = x (of `shape`) with its axes in `order`, as `numpy.transpose` has it.

    `x_steps` are the elements from one place to the next along the axes of x, and `y_steps` along those of y, where one
    of them is a part of a larger array.
    """
    of_x, of_y = x_steps or _steps(shape), y_steps or _steps([shape[axis] for axis in order])
    axes = _joined([_Axis(shape[axis], of_x[axis], step) for axis, step in zip(order, of_y, strict=True)])
    run, h, w = _exchanged(axes)
    # More axes than the kernel walks through are steps of their own.
    apart, outer = axes[: -len(OUTER)], [_Axis(1, 0, 0)] * (len(OUTER) - len(axes)) + axes[-len(OUTER) :]
    fields = {"ih": h.length, "sh": h.x_step, "dh": h.y_step, "iw": w.length, "sw": w.x_step, "dw": w.y_step}
    for axis, names in zip(outer, OUTER, strict=True):
        fields |= zip(names, (axis.length, axis.x_step, axis.y_step), strict=True)
    fields["ic"] = run.length
    work = math.prod(shape) // math.prod(axis.length for axis in apart)
    for place in itertools.product(*(range(axis.length) for axis in apart)):
        source, target = (
            steps.item_bytes * sum(map(math.prod, zip(place, along, strict=True)))
            for along in ([axis.x_step for axis in apart], [axis.y_step for axis in apart])
        )
        steps.add("permute", fields, x.at(source), y.at(target), work=work)


def _exchanged(axes: list[_Axis]) -> tuple[_Axis, _Axis, _Axis]:
    """What is taken out of `axes`, which are those of y: a run of elements that stay side by side, what lies closest in
    y then, and of the others what lies closest in x; these two are exchanged."""
    one = _Axis(1, 1, 1)
    run = axes.pop() if len(axes) > 1 and (axes[-1].x_step, axes[-1].y_step) == (1, 1) else one
    h = axes.pop() if len(axes) > 1 else one
    w = min(axes, key=lambda axis: axis.x_step, default=one)
    axes[:] = [axis for axis in axes if axis is not w]
    return run, h, w


def _steps(shape: Sequence[int]) -> list[int]:
    """Elements from one place to the next along each axis of a plain array."""
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]


def _joined(axes: Sequence[_Axis]) -> list[_Axis]:
    """The axes, neighbours in both arrays as one; those of length 1 do not count."""
    joined: list[_Axis] = []
    for axis in axes:
        if axis.length == 1:
            continue
        before = joined[-1] if joined else None
        together = (axis.length * axis.x_step, axis.length * axis.y_step)
        if before is not None and (before.x_step, before.y_step) == together:
            joined[-1] = _Axis(before.length * axis.length, axis.x_step, axis.y_step)
        else:
            joined.append(axis)
    return joined
