"""Steps that change colours."""

from __future__ import annotations

from convcore.plans import color
from convcore.plans.color import Color
from convcore.plans.steps import Steps
from tests.plans.recorded import kernels


def planned(contrast: bool, floor: float) -> list[str]:
    steps = Steps()
    c = Color(2, 2, 20, 3, 0.5, 1.5, floor, 1.0, contrast)
    x, y, state = steps.reals(c.count), steps.reals(c.count), steps.bytes(16)
    color.change(steps, c, 7, state, x, y)
    return kernels(steps)


def test_only_what_is_needed_is_planned() -> None:
    draws = ["random_affine", "copy_columns", "repeat"]
    assert planned(False, 0.0) == [*draws, "merge", "activation"]
    assert planned(False, -1.0) == [*draws, "merge", "scale_shift", "activation", "scale_shift"]
    means = ["repeat_backward", "scale_shift", "repeat"]
    assert planned(True, 0.0) == [*draws, *means, "merge", "merge", "merge", "activation"]
