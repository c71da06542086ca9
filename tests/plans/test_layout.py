"""The arena's layout: ranges that are taken never overlap, and what was given back is used again."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from convcore.memory import CACHE_LINE
from convcore.plans.layout import Layout


@pytest.mark.parametrize("seed", range(20))
def test_taken_ranges_never_overlap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layout = Layout()
    taken: dict[int, int] = {}
    for _ in range(300):
        if taken and rng.random() < 0.45:
            offset = int(rng.choice(list(taken)))
            del taken[offset]
            layout.release(offset)
        else:
            size = int(rng.choice([0, 1, 63, 64, 65, 200, 5000, int(rng.integers(1, 100_000))]))
            offset = layout.reserve(size)
            assert offset not in taken
            taken[offset] = max(size, 1)
        ranges = sorted(taken.items())
        assert all(offset % CACHE_LINE == 0 for offset, _ in ranges)
        for (offset, size), (following, _) in pairwise(ranges):
            # No two on one cache line: threads that write to both would fight for it.
            assert -(-(offset + size) // CACHE_LINE) * CACHE_LINE <= following
        assert not ranges or sum(ranges[-1]) <= layout.size


@pytest.mark.parametrize("seed", range(5))
def test_what_was_given_back_joins_to_one_range(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layout = Layout()
    offsets = [layout.reserve(int(size)) for size in rng.integers(1, 1000, 50)]
    size = layout.size
    for offset in rng.permutation(offsets):
        layout.release(int(offset))
    assert layout.reserve(size) == 0
    assert layout.size == size


def test_the_smallest_range_that_fits_is_taken() -> None:
    layout = Layout()
    large, _, small, _ = (layout.reserve(size) for size in (640, 64, 128, 64))
    layout.release(large)
    layout.release(small)
    assert layout.reserve(100) == small
    assert layout.reserve(100) == large
    assert layout.reserve(500) == large + 128
    before = layout.size
    assert layout.reserve(64) == before


def test_a_range_is_given_back_once() -> None:
    layout = Layout()
    offset = layout.reserve(10)
    layout.release(offset)
    with pytest.raises(KeyError):
        layout.release(offset)
