"""Cross-entropy of single probabilities, plain and focal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import losses
from convcore.errors import NotSupportedError, ParameterError, ShapeError
from tests.reference_losses import row_loss

TRUTH = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.3]])
GUESS = np.array([[0.1, 0.8, 0.0], [1.0, 0.4, 0.6]])
LOGITS = np.array([[-3.0, 5.0, 0.5], [1.0, -0.2, 2.0]])


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_both_forms_follow_the_formula(smoothing: float) -> None:
    for name, guess, logits in (("", GUESS, False), ("_logits", LOGITS, True)):
        truth = [row_loss(f"binary_crossentropy{name}", a, b, (smoothing,)) for a, b in zip(TRUTH, guess, strict=True)]
        value = losses.binary_crossentropy(TRUTH, guess, logits, smoothing)
        np.testing.assert_allclose(value, truth, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize(("guess", "logits"), [(GUESS, False), (LOGITS, True)])
def test_the_focal_form_follows_the_formula(balanced: bool, guess: Any, logits: bool) -> None:
    parameters = (0.1, 0.3, 1.5, float(balanced), float(logits))
    truth = [row_loss("binary_focal_crossentropy", a, b, parameters) for a, b in zip(TRUTH, guess, strict=True)]
    loss = losses.BinaryFocalCrossentropy(balanced, 0.3, 1.5, logits, 0.1, reduction="none")
    np.testing.assert_allclose(loss(TRUTH, guess), truth, rtol=1e-6)


def test_targets_get_the_outputs_last_axis() -> None:
    assert losses.BinaryCrossentropy()([1, 0], [[0.5], [0.5]]) == pytest.approx(np.log(2))
    assert losses.BinaryCrossentropy().targets([1, 0], (1,)).shape == (2, 1)
    with pytest.raises(ShapeError):
        losses.BinaryCrossentropy()(np.ones(3), np.ones((3, 2)))


def test_arguments() -> None:
    for make in (losses.BinaryCrossentropy, losses.BinaryFocalCrossentropy):
        with pytest.raises(ParameterError, match="label_smoothing"):
            make(label_smoothing=-0.1)
        with pytest.raises(NotSupportedError, match="axis"):
            make(axis=1).spec()
    assert losses.BinaryFocalCrossentropy(alpha=0.3).spec().parameters == (0.0, 0.3, 2.0, 0.0, 0.0)
