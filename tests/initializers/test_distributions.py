"""Distributions with given parameters."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import initializers


def test_truncated_normal_is_cut_at_two_standard_deviations_and_not_clipped() -> None:
    values = initializers.TruncatedNormal(mean=1.0, stddev=0.5, seed=3)((200_000,))
    assert np.abs(values - 1.0).max() <= 1.0
    assert abs(values.std() / (0.5 * 0.87962566103423978) - 1) < 0.01
    assert np.mean(np.abs(values - 1.0) > 0.999) < 0.001


@pytest.mark.parametrize("shape", [(), (0, 3), (7,), (3, 5)])
def test_any_shape(shape: tuple[int, ...]) -> None:
    for name in ("glorot_uniform", "he_normal", "random_normal", "truncated_normal", "zeros"):
        assert initializers.get(name)(shape).shape == shape
