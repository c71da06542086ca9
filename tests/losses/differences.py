"""A gradient of a function of one's own, held against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convcore.losses.tape import Recorded, gradient

RANDOM = np.random.default_rng(0)
TRUTH = np.eye(4)[RANDOM.integers(0, 4, 5)] * 0.9 + 0.025
GUESS = RANDOM.dirichlet(np.ones(4), 5) * 0.8 + 0.05
Function = Callable[[Any, Any], Any]


def check(function: Function) -> None:
    """Of the sum of ``function(TRUTH, GUESS)`` by GUESS."""
    x = Recorded(GUESS)
    found = gradient(function(TRUTH, x), x)
    expected = np.zeros_like(GUESS)
    for place in np.ndindex(GUESS.shape):
        step = np.zeros_like(GUESS)
        step[place] = 1e-6
        expected[place] = np.sum(function(TRUTH, GUESS + step) - function(TRUTH, GUESS - step)) / 2e-6
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
