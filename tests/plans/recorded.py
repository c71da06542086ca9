"""Looks at the steps of a plan without running them."""

from __future__ import annotations

from convcore.plans.steps import Steps


def kernels(steps: Steps) -> list[str]:
    """The kernels of the steps, in their order."""
    return [kernel for kernel, *_ in steps.steps]


def all_scratch_is_back(steps: Steps) -> bool:
    """Whether a plan gave back all memory of the arena that it took: then the whole of it is one free range."""
    size = steps.layout.size
    return steps.layout.reserve(max(size, 1)) == 0 and steps.layout.size in {size, 64}
