"""The state of the process: names and seeds."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from convcore import naming, random
from convcore.errors import ParameterError

__all__ = ["clear_session", "set_random_seed"]


def clear_session(free_memory: bool = True) -> None:
    """Start the automatic names anew: the next convolution is ``conv2d`` again."""
    naming.reset_uids()


def set_random_seed(seed: Any) -> None:
    """Seed Python's `random`, NumPy's global generator and convcore, with an integer from 0 to 2**32 - 1.

    After it a script gives the same weights on every run, for any number of threads.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ParameterError(f"Expected `seed` argument to be an integer. Received: seed={seed} (of type {type(seed)})")
    if not 0 <= seed < 2**32:
        raise ParameterError(f"Expected `seed` argument to be from 0 to 2**32 - 1. Received: seed={seed}")
    python_random.seed(int(seed))
    np.random.seed(int(seed))  # noqa: NPY002 - scripts that use the global generator expect it
    random.set_seed(int(seed))
