"""Seeds of initializers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import initializers, random
from convcore.errors import ParameterError


def test_a_seed_gives_the_same_values_at_each_call_and_another_seed_others() -> None:
    initializer = initializers.GlorotUniform(seed=4)
    np.testing.assert_array_equal(initializer((3, 4)), initializer((3, 4)))
    np.testing.assert_array_equal(initializer((3, 4)), initializers.GlorotUniform(seed=4)((3, 4)))
    assert not np.array_equal(initializer((3, 4)), initializers.GlorotUniform(seed=5)((3, 4)))


def test_without_a_seed_the_process_stream_decides() -> None:
    random.set_seed(1)
    first, second = initializers.get("he_normal")((4,)), initializers.get("he_normal")((4,))
    assert not np.array_equal(first, second)
    random.set_seed(1)
    np.testing.assert_array_equal(initializers.get("he_normal")((4,)), first)


def test_making_an_initializer_draws_nothing() -> None:
    random.set_seed(1)
    expected = random.next_seed()
    random.set_seed(1)
    initializers.get("he_normal")
    assert random.next_seed() == expected


@pytest.mark.parametrize("seed", [True, -1, 1.5, "1"])
def test_seeds_are_integers(seed: Any) -> None:
    with pytest.raises(ParameterError, match="seed"):
        initializers.HeNormal(seed=seed)
