"""Mean squared error."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.errors import ShapeError
from convcore.losses import MeanSquaredError, mean_squared_error


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
