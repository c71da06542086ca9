"""Steps that add what regularizers ask for to a loss and to gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass

from convcore.errors import ShapeError
from convcore.plans.steps import Buffer, Steps

__all__ = ["Cosines", "Magnitudes", "Plan", "add_sums", "penalize"]

# Elements of one task of the kernel of `Magnitudes`.
BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Magnitudes:
    """``l1 * sum(abs(x)) + l2 * sum(x**2)``."""

    l1: float = 0.0
    l2: float = 0.0

    def over(self, n: int) -> Magnitudes:
        """The same divided by `n`."""
        return Magnitudes(self.l1 / n, self.l2 / n)


@dataclass(frozen=True, slots=True)
class Cosines:
    """`factor` times the mean magnitude of the cosine between two rows, or columns, of a matrix."""

    factor: float
    rows: bool = True

    def over(self, n: int) -> Cosines:
        """The same divided by `n`."""
        return Cosines(self.factor / n, self.rows)


Plan = Magnitudes | Cosines


def penalize(steps: Steps, plan: Plan, shape: tuple[int, ...], x: Buffer, g: Buffer | None) -> tuple[Buffer, int]:
    """Where sums are that add up to the penalty of `x`, and how many; its gradient is added to `g`, if there is one."""
    if isinstance(plan, Magnitudes):
        count = math.prod(shape)
        sums = steps.bytes(8 * -(-count // BLOCK))
        fields: dict[str, int | float] = {"count": count, "a": plan.l1, "b": plan.l2, "c": 1.0}
        steps.add("l1_l2_penalty", fields, x, sums, g, work=2 * count)
        return sums, -(-count // BLOCK)
    if len(shape) != 2:
        raise ShapeError(f"Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape={shape}")
    n, length = shape if plan.rows else shape[::-1]
    places = {"sh": length, "sw": 1} if plan.rows else {"sh": 1, "sw": n}
    unit, inverse, sums = steps.reals(n * length), steps.reals(n), steps.bytes(8 * n)
    scale = plan.factor / (n * (n - 1.0)) if n > 1 else 0.0
    steps.add("unit_vectors", {"n": n, "count": length, **places}, x, unit, inverse, work=2 * n * length)
    fields = {"n": n, "count": length, **places, "a": scale, "c": 1.0}
    steps.add("cosine_penalty", fields, unit, inverse, sums, g, work=2 * n * n * length)
    steps.release(unit)
    steps.release(inverse)
    return sums, n


def add_sums(steps: Steps, sums: Buffer, count: int, total: Buffer) -> None:
    """Add `count` sums to the loss at `total`."""
    steps.add("add_penalties", {"count": count}, sums, total, work=count)
    steps.release(sums)
