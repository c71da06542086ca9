"""Steps that draw random numbers in training."""

from __future__ import annotations

import math
from collections.abc import Sequence

from convcore.plans.merge import repeat
from convcore.plans.steps import Buffer, Steps

__all__ = ["dropout", "normal_noise", "shared_dropout"]

# A random number costs about so many multiply-adds, a normal one so many.
DRAW_WORK, NORMAL_WORK = 8, 30


def dropout(
    steps: Steps, count: int, x: Buffer | None, state: Buffer, y: Buffer, *, key: int, rate: float, scale: float
) -> None:
    """y = scale * x (or scale, without x) for the elements that are kept, 0 for a share `rate` of them."""
    fields: dict[str, int | float] = {"count": count, "kind": key, "a": rate, "b": scale}
    steps.add("dropout", fields, x, state, y, work=count * DRAW_WORK)


def shared_dropout(
    steps: Steps,
    shape: Sequence[int],
    noise_shape: Sequence[int],
    x: Buffer,
    state: Buffer,
    y: Buffer,
    *,
    key: int,
    rate: float,
    scale: float,
    kept: float = 0.0,
    dropped: float = 0.0,
) -> None:
    """As `dropout` with one number for all elements of x (shape) along the axes where `noise_shape` is 1; then `kept`
    is added where an element was kept, and `dropped` elsewhere."""
    groups = _groups(shape, noise_shape)
    factors = steps.reals(math.prod(noise_shape))
    dropout(steps, math.prod(noise_shape), None, state, factors, key=key, rate=rate, scale=scale)
    shared = [position for position, (_, is_shared) in enumerate(groups) if is_shared]
    for position in reversed(shared[1:]):
        n = math.prod(size for size, is_shared in groups[:position] if not is_shared)
        times, columns = groups[position][0], math.prod(size for size, _ in groups[position + 1 :])
        wider = steps.reals(n * times * columns)
        repeat(steps, n, times, columns, factors, wider)
        steps.release(factors)
        factors = wider
    # What is in front of the first axis that shares numbers, that axis, and what is behind it.
    first = shared[0] if shared else 0
    sizes = [size for size, _ in (groups if shared else [(1, True), *groups])]
    fields: dict[str, int | float] = {
        "n": math.prod(sizes[:first]),
        "ow": sizes[first],
        "oc": math.prod(sizes[first + 1 :]),
        "b": kept,
        "c": dropped,
    }
    steps.add("scale_rows", fields, x, factors, y, work=2 * math.prod(shape))
    steps.release(factors)


def _groups(shape: Sequence[int], noise_shape: Sequence[int]) -> list[tuple[int, bool]]:
    """Neighbouring axes together, as (size, whether one number is for all of them)."""
    groups: list[tuple[int, bool]] = []
    for size, numbers in zip(shape, noise_shape, strict=True):
        is_shared = numbers == 1
        if size == 1:
            continue
        if groups and groups[-1][1] == is_shared:
            groups[-1] = groups[-1][0] * size, is_shared
        else:
            groups.append((size, is_shared))
    return groups


def normal_noise(
    steps: Steps, count: int, x: Buffer, state: Buffer, y: Buffer, *, key: int, stddev: float, multiply: bool
) -> None:
    """y = x + stddev * z, or x * (1 + stddev * z) to `multiply`, z standard normal."""
    fields: dict[str, int | float] = {"count": count, "kind": key, "a": stddev, "b": float(multiply)}
    steps.add("normal_noise", fields, x, state, y, work=count * NORMAL_WORK)
