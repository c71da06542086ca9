"""Losses of margins."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import losses
from convcore.losses.margin import signs
from tests.reference_losses import row_loss

SIGNS = np.array([[-1.0, 1.0, 1.0], [1.0, -1.0, -1.0]])
GUESS = np.array([[-2.0, 0.5, -0.3], [3.0, -0.4, 1.6]])


@pytest.mark.parametrize("kind", ["hinge", "squared_hinge"])
def test_labels_of_signs_and_of_zeros_and_ones(kind: str) -> None:
    truth = [row_loss(kind, a, b) for a, b in zip(SIGNS, GUESS, strict=True)]
    function, loss = getattr(losses, kind), losses.get(kind)
    np.testing.assert_allclose(function(SIGNS, GUESS), truth)
    np.testing.assert_allclose(function((SIGNS + 1) / 2, GUESS), truth)
    assert np.array_equal(loss.kernel_targets(loss.targets((SIGNS > 0).astype(int), (3,))), SIGNS)
    assert loss.targets(SIGNS > 0, (3,)).max() == 1


def test_labels_of_other_values_stay() -> None:
    labels = np.array([-1.0, 0.0, 1.0], np.float32)
    assert np.array_equal(signs(labels), labels)
    assert signs(np.array([0.0, 1.0], np.float32)).dtype == np.float32
    assert signs(np.array([True, False])).tolist() == [1, -1]


def test_categorical_hinge() -> None:
    truth = [row_loss("categorical_hinge", a, b) for a, b in zip(np.eye(3)[[2, 0]], GUESS, strict=True)]
    np.testing.assert_allclose(losses.categorical_hinge(np.eye(3)[[2, 0]], GUESS), truth)
