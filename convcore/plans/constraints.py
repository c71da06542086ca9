"""Steps that bring weights back to where a constraint wants them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from convcore.errors import NotSupportedError, ShapeError
from convcore.plans.steps import Buffer, Steps

__all__ = ["NonNegative", "Norm", "constrain", "plan_of"]

SCALED, UNIT = 0, 1


@dataclass(frozen=True, slots=True)
class NonNegative:
    """No element below zero."""


@dataclass(frozen=True, slots=True)
class Norm:
    """Norms over `axes` between `low` and `high`, to which a step goes a share `rate` of the way; or `unit` norms."""

    axes: tuple[int, ...]
    low: float = 0.0
    high: float = math.inf
    rate: float = 1.0
    unit: bool = False


def plan_of(constraint: Any) -> NonNegative | Norm | None:
    """How the engine does `constraint`; None if it is a function that only Python can call."""
    plan: NonNegative | Norm | None = getattr(constraint, "plan", None)
    return plan


def constrain(steps: Steps, plan: NonNegative | Norm, shape: tuple[int, ...], loss: Buffer | None, w: Buffer) -> None:
    """Bring `w` of `shape` back; nothing changes if the `loss` is not finite."""
    count = math.prod(shape)
    if isinstance(plan, NonNegative):
        steps.add("non_negative", {"count": count}, loss, w, work=count)
        return
    fields = {**_axes(plan.axes, shape), "kind": UNIT if plan.unit else SCALED}
    steps.add("norm_constraint", {**fields, "a": plan.low, "b": plan.high, "c": plan.rate}, loss, w, work=4 * count)


def _axes(axes: tuple[int, ...], shape: tuple[int, ...]) -> dict[str, int | float]:
    """An array of `shape` as two axes that are kept and two over which squares are summed, with their strides."""
    wrong = [axis for axis in axes if not -len(shape) <= axis < len(shape)]
    if wrong:
        raise ShapeError(f"A constraint's axis {wrong[0]} is not one of a variable of shape {shape}.")
    summed = {axis % len(shape) for axis in axes}
    groups: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    for is_summed, members in groupby(range(len(shape)), summed.__contains__):
        inside = list(members)
        stride = math.prod(shape[inside[-1] + 1 :])
        groups[is_summed].append((math.prod(shape[axis] for axis in inside), stride))
    if max(map(len, groups.values())) > 2:
        raise NotSupportedError(f"convcore does not implement a constraint over the axes {axes} of shape {shape}.")
    (oh, dh), (ow, dw) = [(1, 0), (1, 0), *groups[False]][-2:]
    (kh, sh), (kw, sw) = [(1, 0), (1, 0), *groups[True]][-2:]
    return {"oh": oh, "ow": ow, "dh": dh, "dw": dw, "kh": kh, "kw": kw, "sh": sh, "sw": sw}
