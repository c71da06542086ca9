"""Element-wise kinds, alone: output and gradient against NumPy in float64."""

from __future__ import annotations

import pytest

from tests.checks import normals
from tests.program.nodes.alone import N, close, run


@pytest.mark.parametrize("shape", [(5,), (3, 5), (4, 3, 5)])
def test_scaling(shape: tuple[int, ...]) -> None:
    (x,) = normals(1, (N, *shape))
    y, dy, dx = run(lambda g: g.add("scale_shift", g.input, scale=3, offset=-1), x)
    close(y, 3 * x - 1)
    close(dx, 3 * dy)
