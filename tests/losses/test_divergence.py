"""Losses of distributions and of counts."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import losses
from convcore.errors import ShapeError
from tests.reference_losses import row_loss

TRUTH = np.array([[0.2, 0.8, 0.0], [0.5, 0.25, 0.25]])
GUESS = np.array([[0.3, 0.6, 0.1], [0.0, 0.5, 0.5]])


@pytest.mark.parametrize("kind", ["kl_divergence", "poisson"])
def test_they_follow_the_formula(kind: str) -> None:
    truth = [row_loss(kind, a, b) for a, b in zip(TRUTH, GUESS, strict=True)]
    np.testing.assert_allclose(getattr(losses, kind)(TRUTH, GUESS), truth, rtol=1e-12)
    assert losses.get(kind)(TRUTH, GUESS) == pytest.approx(np.mean(truth))


def test_targets_are_not_stretched() -> None:
    with pytest.raises(ShapeError, match=r"\(2, 3\).*\(2, 1\)"):
        losses.kl_divergence(TRUTH, GUESS[:, :1])
