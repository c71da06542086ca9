"""The penalty on vectors that are not at right angles."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ParameterError, ShapeError
from convcore.plans.penalties import Cosines
from convcore.regularizers import OrthogonalRegularizer


def test_values() -> None:
    x = np.random.default_rng(1).normal(size=(4, 6))
    for mode, rows in (("rows", x), ("columns", x.T)):
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        n = len(rows)
        expected = 0.5 * 0.5 * np.abs((unit @ unit.T) * (1 - np.eye(n))).sum() / (n * (n - 1) / 2)
        assert OrthogonalRegularizer(0.5, mode)(x) == pytest.approx(expected, rel=1e-6)
    assert OrthogonalRegularizer()(np.eye(4)) == 0
    assert OrthogonalRegularizer()(np.ones((1, 4))) == 0
    assert OrthogonalRegularizer(0.5, "columns").plan == Cosines(0.5, False)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ParameterError, match="Invalid value for argument `mode`"):
        OrthogonalRegularizer(mode="row")
    with pytest.raises(ParameterError, match="factor"):
        OrthogonalRegularizer(-1)
    with pytest.raises(ShapeError, match="rank 2"):
        OrthogonalRegularizer()(np.ones((1, 2, 3)))
