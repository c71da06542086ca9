"""Steps that take the gradient of a convolution back to its input, with turned weights: as many at once as fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from convcore.plans import dense
from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry

__all__ = ["Turned", "kernel_of"]


@dataclass(frozen=True, slots=True)
class _Slice:
    """Some channels of a convolution as one of its own, and the first of them: of x, of y and in the weights."""

    g: Geometry
    x: int = 0
    y: int = 0
    w: int = 0


def _slices(g: Geometry, item_bytes: int) -> Iterator[_Slice]:
    """Slices whose turned weights fit: whole groups, or some input channels of one."""
    ic, oc = g.ic // g.groups, g.oc // g.groups
    together = dense.MOST_TURNED_BYTES // (g.w_size // g.groups * item_bytes)
    if together >= g.groups:
        yield _Slice(g)
        return
    for group in range(0, g.groups, max(1, together)):
        groups = min(max(1, together), g.groups - group)
        channels = [(0, ic)] if together else dense.slices(ic, g.kh * g.kw * oc * item_bytes)
        for first, count in channels:
            part = replace(g, groups=groups, ic=groups * count, oc=groups * oc)
            yield _Slice(part, group * ic + first, group * oc, first * g.oc + group * oc)


def kernel_of(name: str, g: Geometry) -> str:
    """The kernel for `g`: those in groups have their own."""
    return name if g.groups == 1 else f"{name}_groups"


class Turned:
    """The weights `w` of the convolution `g` as its gradient reads them: all at once if they fit, else in slices."""

    def __init__(self, steps: Steps, g: Geometry, w: Buffer) -> None:
        self._steps, self._g, self._w = steps, g, w
        slices = list(_slices(g, steps.item_bytes))
        self.buffer = steps.reals(max(part.g.w_size for part in slices))
        #: Whether all of them are in the buffer from now on.
        self.whole = len(slices) == 1
        if self.whole:
            self._turn(slices[0])

    def _turn(self, part: _Slice) -> None:
        fields, g = part.g.fields(), self._g
        if not self.whole:
            fields |= {"all_ic": g.ic // g.groups, "all_oc": g.oc}
        source, size = self._w.at(part.w * self._steps.item_bytes), part.g.w_size
        self._steps.add(kernel_of("conv2d_turn_weights", part.g), fields, source, self.buffer, work=size)

    def spread(self, g: Geometry, dy: Buffer, bias: Buffer | None, dx: Buffer, *, relu: bool = False) -> None:
        """dx from dy, plus bias, then max(0, dx) with `relu`, for some or all pixels."""
        item = self._steps.item_bytes
        for part in _slices(g, item):
            fields = part.g.fields() | {"relu": int(relu)}
            if not self.whole:
                self._turn(part)
                fields |= {"all_ic": g.ic, "all_oc": g.oc}
            shift, work = None if bias is None else bias.at(part.x * item), part.g.multiply_adds
            places = dy.at(part.y * item), self.buffer, shift, dx.at(part.x * item)
            self._steps.add(kernel_of("conv2d_backward_data", part.g), fields, *places, work=work)

    def release(self) -> None:
        self._steps.release(self.buffer)
