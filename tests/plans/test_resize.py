"""Each direction has its kernel; `tests/ops/test_resizing.py` checks what they compute."""

from __future__ import annotations

import pytest

from convcore.geometries import frame_geometry, upsample_geometry
from convcore.plans import resize
from convcore.plans.steps import Steps
from tests.plans.recorded import kernels


def test_a_frame_goes_back_by_its_own_kernel() -> None:
    g, steps = frame_geometry((2, 5, 6, 3), (1, 2), (-3, 4)), Steps()
    x, y = steps.external(-1), steps.external(-1)
    resize.frame(steps, g, x, y)
    resize.frame_backward(steps, g, y, x)
    assert kernels(steps) == ["frame", "frame"]
    (_, there, _, work), (_, back, _, _) = steps.steps
    assert [there[name] for name in ("ih", "iw", "oh", "ow", "pt", "pl")] == [5, 6, 8, 7, 1, -3]
    assert [back[name] for name in ("ih", "iw", "oh", "ow", "pt", "pl")] == [8, 7, 5, 6, -1, 3]
    assert work == 2 * 8 * 7 * 3


@pytest.mark.parametrize("kind", list(resize.INTERPOLATIONS))
def test_each_interpolation_has_its_kernels(kind: str) -> None:
    g, steps = upsample_geometry((2, 5, 6, 3), (2, 3)), Steps()
    x, y = steps.external(-1), steps.external(-1)
    resize.upsample(steps, g, x, y, kind)
    resize.upsample_backward(steps, g, y, x, kind)
    assert kernels(steps) == [resize.INTERPOLATIONS[kind], f"{resize.INTERPOLATIONS[kind]}_backward"]
    assert g.y_shape == (2, 10, 18, 3)
