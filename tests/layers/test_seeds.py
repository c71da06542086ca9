"""Where a layer's random numbers start from."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from convcore import random
from convcore.errors import ParameterError
from convcore.layers.seeds import SeedGenerator


def test_a_seed_that_is_given_is_used() -> None:
    generator = SeedGenerator(np.int64(5))
    assert generator.drawn == generator.seed == generator.get_state() == 5


def test_without_one_the_process_stream_gives_it_when_it_is_needed() -> None:
    random.set_seed(3)
    expected = random.next_seed()
    generator = SeedGenerator()
    random.set_seed(3)
    assert generator.get_state() is None
    assert [generator.drawn, generator.drawn] == [expected, expected]
    assert generator.seed is None
    assert copy.deepcopy(generator).drawn == expected


def test_state_there_and_back() -> None:
    generator, other = SeedGenerator(), SeedGenerator()
    other.set_state(generator.drawn)
    assert other.drawn == generator.drawn
    other.set_state(None)
    assert other.get_state() is None


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, True, "1", np.True_])
def test_what_is_no_seed(seed: Any) -> None:
    with pytest.raises(ParameterError, match="`seed` must be None or an integer"):
        SeedGenerator(seed)
    with pytest.raises(ParameterError, match="seed"):
        SeedGenerator().set_state(seed)
