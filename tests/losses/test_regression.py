"""Mean squared error."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import losses
from convcore.errors import NotSupportedError, ParameterError, ShapeError
from convcore.losses import MeanSquaredError, mean_squared_error
from tests.reference_losses import row_loss


def test_it_is_the_mean_of_the_squares() -> None:
    truth, guess = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.0], [0.0, 4.0]])
    assert mean_squared_error(truth, guess).tolist() == [2.0, 4.5]
    assert MeanSquaredError()(truth, guess) == 3.25


def test_targets_have_the_shape_of_the_output() -> None:
    loss = MeanSquaredError()
    assert loss.targets(np.zeros(5), (1,)).shape == (5, 1)
    assert loss.targets(np.zeros((5, 2, 3)), (2, 3)).dtype == np.float32
    with pytest.raises(ShapeError, match=r"\(n, 3\).*\(5, 2\)"):
        loss.targets(np.zeros((5, 2)), (3,))
    assert loss.spec().kind == "mean_squared_error"


KINDS = {
    "mean_absolute_error": losses.MeanAbsoluteError(reduction="none"),
    "mean_absolute_percentage_error": losses.MeanAbsolutePercentageError(reduction="none"),
    "mean_squared_logarithmic_error": losses.MeanSquaredLogarithmicError(reduction="none"),
    "huber": losses.Huber(0.7, reduction="none"),
    "log_cosh": losses.LogCosh(reduction="none"),
    "cosine_similarity": losses.CosineSimilarity(reduction="none"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_they_follow_the_formula(kind: str) -> None:
    rng = np.random.default_rng(3)
    truth, guess = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    truth[0], guess[1, 2] = 0, -700
    parameters = (0.7,) if kind == "huber" else ()
    expected = [row_loss(kind, a, b, parameters) for a, b in zip(truth, guess, strict=True)]
    np.testing.assert_allclose(KINDS[kind](truth, guess), expected, rtol=1e-6, atol=1e-7)


def test_cosine_similarity_along_another_axis() -> None:
    truth, guess = np.eye(3)[:, :2], np.ones((3, 2))
    loss = losses.CosineSimilarity(axis=0, reduction="none")
    np.testing.assert_allclose(loss(truth, guess), [-1 / np.sqrt(3)] * 2, rtol=1e-6)
    with pytest.raises(NotSupportedError, match="axis"):
        loss.__class__(axis=0).spec()


def test_huber_needs_a_delta() -> None:
    with pytest.raises(ParameterError, match="delta"):
        losses.Huber(delta=-1)
