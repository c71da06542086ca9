"""Each layout has its kernel; `tests/ops/test_unfold.py` checks what they compute."""

from __future__ import annotations

from convcore.plans import unfold
from convcore.plans.steps import Steps
from convcore.shapes import conv2d_geometry
from tests.plans.recorded import kernels


def test_each_layout_has_its_kernel() -> None:
    g, steps = conv2d_geometry((2, 5, 5, 3), (2, 2, 3, 1)), Steps()
    x, y = steps.external(-1), steps.external(-1)
    for first in (False, True):
        unfold.unfold(steps, g, x, y, first=first)
        unfold.fold(steps, g, y, x, first=first)
    assert kernels(steps) == ["unfold", "fold", "unfold_planes", "fold_planes"]
    assert steps.steps[0][3] == 2 * 4 * 4 * 2 * 2 * 3
