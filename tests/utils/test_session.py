"""Names and seeds of the process."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np
import pytest

from convcore import initializers, layers, random, utils
from convcore.errors import NotSupportedError, ParameterError


def test_set_random_seed_seeds_all_three() -> None:
    draws = []
    for _ in range(2):
        utils.set_random_seed(5)
        draws.append(
            (python_random.random(), np.random.random(), random.next_seed(), initializers.get("he_normal")((2,)).sum())
        )
    assert draws[0] == draws[1]
    utils.set_random_seed(6)
    assert python_random.random() != draws[0][0]
    assert random.next_seed() != draws[0][2]


@pytest.mark.parametrize("seed", ["1", 1.0, None, True, -1, 2**32])
def test_seeds_that_are_none(seed: Any) -> None:
    with pytest.raises(ParameterError, match="Expected `seed` argument to be"):
        utils.set_random_seed(seed)


def test_numpy_integers_are_seeds() -> None:
    utils.set_random_seed(np.int64(3))
    first = random.next_seed()
    utils.set_random_seed(3)
    assert random.next_seed() == first


def test_clear_session_starts_the_names_anew() -> None:
    utils.clear_session()
    assert [layers.Dense(1).name, layers.Dense(1).name] == ["dense", "dense_1"]
    utils.clear_session()
    assert layers.Dense(1).name == "dense"


def test_get_file_is_refused() -> None:
    with pytest.raises(NotSupportedError, match=r"keras\.utils\.get_file"):
        _ = utils.get_file
