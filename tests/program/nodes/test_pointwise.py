"""Element-wise kinds, alone: output and gradient against NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest

from tests import reference
from tests.checks import normals
from tests.program.nodes.alone import N, close, run


@pytest.mark.parametrize("shape", [(5,), (3, 5), (4, 3, 5)])
def test_functions(shape: tuple[int, ...]) -> None:
    (x,) = normals(1, (N, *shape))
    wide = x.astype(np.float64)
    sigmoid, tanh, soft = 1 / (1 + np.exp(-wide)), np.tanh(wide), reference.softmax(wide)
    for name, truth, slope in (
        ("sigmoid", sigmoid, sigmoid * (1 - sigmoid)),
        ("tanh", tanh, 1 - tanh**2),
        ("relu", np.maximum(wide, 0), (wide > 0) * 1.0),
    ):
        y, dy, dx = run(lambda g, name=name: g.add(name, g.input), x)
        close(y, truth)
        close(dx, dy * slope)
    y, dy, dx = run(lambda g: g.add("softmax", g.input), x)
    close(y, soft)
    close(dx, soft * (dy - (dy * soft).sum(axis=-1, keepdims=True)))
    y, dy, dx = run(lambda g: g.add("scale_shift", g.input, scale=3, offset=-1), x)
    close(y, 3 * x - 1)
    close(dx, 3 * dy)


def test_the_general_relu() -> None:
    (x,) = normals(1, (N, 40))
    y, dy, dx = run(lambda g: g.add("relu", g.input, max_value=1.0, negative_slope=0.1, threshold=0.5), x)
    close(y, np.where(x >= 1, 1, np.where(x > 0.5, x, 0.1 * (x - 0.5))))
    close(dx, dy * np.where(x >= 1, 0, np.where(x > 0.5, 1, 0.1)))
