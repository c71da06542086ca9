"""Steps that take the gradient of a convolution back to its input, with turned weights: as many at once as fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from convcore.plans import dense
from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry

__all__ = ["kernel_of", "spread", "turn"]


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


def _turn(steps: Steps, g: Geometry, part: _Slice, w: Buffer) -> Buffer:
    """The weights of `part`, some of those of `g`."""
    turned, fields = steps.reals(part.g.w_size), part.g.fields()
    if part.g is not g:
        fields |= {"all_ic": g.ic // g.groups, "all_oc": g.oc}
    source = w.at(part.w * steps.item_bytes)
    steps.add(kernel_of("conv2d_turn_weights", part.g), fields, source, turned, work=part.g.w_size)
    return turned


def turn(steps: Steps, g: Geometry, w: Buffer) -> Buffer | None:
    """All weights, turned; None if they are too many."""
    first = next(_slices(g, steps.item_bytes))
    return _turn(steps, g, first, w) if first.g is g else None


def spread(
    steps: Steps,
    g: Geometry,
    dy: Buffer,
    w: Buffer,
    bias: Buffer | None,
    dx: Buffer,
    *,
    relu: bool,
    turned: Buffer | None = None,
) -> None:
    """dx from dy, plus bias, then max(0, dx) with `relu`; `turned` is what `turn` gave, which the caller releases."""
    item = steps.item_bytes
    for part in _slices(g, item):
        held = turned or _turn(steps, g, part, w)
        fields = part.g.fields() | {"relu": int(relu)}
        if part.g is not g:
            fields |= {"all_ic": g.ic, "all_oc": g.oc}
        shift, work = None if bias is None else bias.at(part.x * item), part.g.multiply_adds
        places = dy.at(part.y * item), held, shift, dx.at(part.x * item)
        steps.add(kernel_of("conv2d_backward_data", part.g), fields, *places, work=work)
        if turned is None:
            steps.release(held)
