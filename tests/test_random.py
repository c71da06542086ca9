"""The process-wide stream of seeds."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from convcore import random
from convcore.errors import NotSupportedError


def test_a_seed_repeats_the_stream() -> None:
    random.set_seed(7)
    first = [random.next_seed() for _ in range(4)]
    random.set_seed(7)
    assert [random.next_seed() for _ in range(4)] == first
    assert len(set(first)) == 4
    assert all(0 <= seed < 2**63 for seed in first)


def test_the_stream_is_pinned() -> None:
    """These values are part of every reproducible result: they must never change."""
    random.set_seed(0)
    assert [random.next_seed() for _ in range(2)] == [5874934615388537135, 2488343231644625808]


def test_unseeded_processes_differ() -> None:
    script = "from convcore import random; print(random.next_seed())"
    root = Path(__file__).resolve().parent.parent
    seeds = {
        subprocess.run([sys.executable, "-c", script], cwd=root, check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    }
    assert len(seeds) == 2


def test_a_generator_of_a_seed_is_repeatable() -> None:
    np.testing.assert_array_equal(random.generator(5).random(3), random.generator(5).random(3))


def test_a_stream_set_aside_is_this_thread_s_alone() -> None:
    random.set_seed(5)
    expected = [random.next_seed() for _ in range(2)]
    random.set_seed(5)
    elsewhere: list[int] = []
    with random.set_aside():
        inside = random.next_seed()
        thread = threading.Thread(target=lambda: elsewhere.append(random.next_seed()))
        thread.start()
        thread.join()
    assert [*elsewhere, random.next_seed()] == expected
    assert inside not in expected


def test_names_of_keras_are_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match=r"keras\.random\.SeedGenerator \(supported: utils"):
        _ = random.SeedGenerator
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = random.nothing
