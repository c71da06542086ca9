"""Orthogonal matrices and the identity."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import initializers
from convcore.errors import ParameterError, ShapeError
from convcore.initializers import Identity, Orthogonal


@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (3, 7), (7, 3), (3, 3, 2, 8), (3, 3, 8, 100)])
def test_vectors_are_at_right_angles(shape: tuple[int, ...]) -> None:
    w = Orthogonal(gain=2.0, seed=3)(shape)
    assert (w.shape, w.dtype) == (shape, np.float32)
    matrix = w.reshape(-1, shape[-1]).astype(np.float64)
    product = matrix @ matrix.T if len(matrix) < shape[-1] else matrix.T @ matrix
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)


def test_a_seed_gives_the_same_values_at_each_call() -> None:
    initializer = Orthogonal(seed=3)
    assert (initializer((5, 4)) == initializer((5, 4))).all()
    assert (initializer((5, 4)) == Orthogonal(seed=3)((5, 4))).all()
    assert (initializer((5, 4)) != Orthogonal(seed=4)((5, 4))).any()


def test_directions_are_spread_evenly() -> None:
    """Every element of a random orthogonal matrix has mean 0 and variance 1 / n."""
    drawn = np.stack([Orthogonal(seed=seed)((4, 4)) for seed in range(400)])
    assert np.abs(drawn.mean(axis=0)).max() < 0.15
    np.testing.assert_allclose((drawn**2).mean(axis=0), 0.25, atol=0.08)


def test_identity() -> None:
    np.testing.assert_array_equal(Identity(3.0)((2, 3)), [[3, 0, 0], [0, 3, 0]])
    assert initializers.get("identity")((2, 2)).tolist() == [[1, 0], [0, 1]]


def test_names_and_plain_data() -> None:
    for name in ("orthogonal", "Orthogonal", "OrthogonalInitializer"):
        assert isinstance(initializers.get(name), Orthogonal)
    assert isinstance(initializers.get("IdentityInitializer"), Identity)
    again = initializers.deserialize(initializers.serialize(Orthogonal(0.5, seed=1)))
    assert again.get_config() == {"seed": 1, "gain": 0.5}


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="at least two-dimensional"):
        Orthogonal()((3,))
    with pytest.raises(ShapeError, match="2D matrices"):
        Identity()((3, 3, 3))
    with pytest.raises(ParameterError, match="gain"):
        Orthogonal(gain=float("nan"))
