"""Random numbers that stay the same."""

from __future__ import annotations

import numpy as np

from convcore import random
from convcore.initializers import sampling

UNIFORM = [0.2739233672618866, -0.46042656898498535, -0.9180529713630676]
NORMAL = [1.3766350132497243, 0.7887205905387179, 0.3624497920131611]
TRUNCATED = [3.753269910812378, 2.5774412155151367, 1.7248995304107666]


def test_the_values_of_a_seed_are_pinned() -> None:
    """They are part of every reproducible result: another version of NumPy must give them too."""
    assert sampling.uniform(random.generator(0), (3,), -1.0, 1.0).tolist() == UNIFORM
    np.testing.assert_allclose(sampling.standard_normal(random.generator(0), 3), NORMAL, rtol=1e-15)
    np.testing.assert_allclose(sampling.truncated_normal(random.generator(0), (3,), 1.0, 2.0), TRUNCATED, rtol=1e-7)


def test_normal_moments() -> None:
    values = sampling.standard_normal(random.generator(1), 400_001)
    assert values.shape == (400_001,)
    assert abs(values.mean()) < 5 / np.sqrt(values.size)
    assert abs(values.var() - 1) < 5 * np.sqrt(2 / values.size)
    assert abs((values**4).mean() - 3) < 5 * np.sqrt(96 / values.size)
    assert np.isfinite(values).all()
