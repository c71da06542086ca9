"""Steps that put axes into another order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from convcore.plans.steps import Buffer, Steps

__all__ = ["permute"]


def permute(steps: Steps, shape: Sequence[int], order: Sequence[int], x: Buffer, y: Buffer) -> None:
    """y = x (of `shape`) with its axes in `order`, as `numpy.transpose` has it."""
    count = math.prod(shape)
    swaps = list(_swaps(shape, order)) or [(1, 1, count, 1)]
    source = x
    for number, (n, ih, iw, ic) in enumerate(swaps, 1):
        target = y if number == len(swaps) else steps.reals(count)
        steps.add("swap_axes", {"n": n, "ih": ih, "iw": iw, "ic": ic}, source, target, work=count)
        if source is not x:
            steps.release(source)
        source = target


def _swaps(shape: Sequence[int], order: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
    """Exchanges (n, ih, iw, ic) -> (n, iw, ih, ic) of neighbours that bring the axes into order, as few as needed for
    three axes; those of length 1 do not count."""
    wanted = [axis for axis in order if shape[axis] != 1]
    axes = sorted(wanted)
    for at in range(len(wanted)):
        start = axes.index(wanted[at])
        if start == at:
            continue
        length = 1
        while wanted[at : at + length + 1] == axes[start : start + length + 1] and start + length < len(axes):
            length += 1
        parts = (axes[:at], axes[at:start], axes[start : start + length], axes[start + length :])
        before, ahead, moved, behind = parts
        n, ih, iw, ic = (math.prod(shape[axis] for axis in part) for part in parts)
        yield n, ih, iw, ic
        axes = [*before, *moved, *ahead, *behind]
