"""The guard must bite: a test that cannot fail proves nothing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.guard import GuardedArena
from tests.worker import ROOT

TRESPASS = """
import ctypes, numpy as np
from tests.guard import GuardedArena
array = GuardedArena(64).place(np.arange(16, dtype=np.float32), {end!r})
byte = ctypes.c_char.from_address(array.ctypes.data + {offset})
{act}
print("alive")
"""


@pytest.mark.parametrize(
    ("end", "offset", "act", "survives"),
    [
        ("last", 63, "byte.value", True),
        ("last", 64, "byte.value", False),
        ("first", 0, "byte.value", True),
        ("first", -1, "byte.value", False),
        ("first", 5, "byte.value = b'x'", False),
    ],
)
def test_one_byte_too_far_ends_the_process(end: str, offset: int, act: str, survives: bool) -> None:
    code = TRESPASS.format(end=end, offset=offset, act=act)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == survives, done.stderr
    assert ("alive" in done.stdout) == survives


def test_the_copy_is_the_array() -> None:
    arena = GuardedArena(5000)
    for shape in ((0,), (3, 4), (1250,)):
        array = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
        for end in ("first", "last"):
            np.testing.assert_array_equal(arena.place(array, end), array)
    arena.place(np.zeros(4), "last", writable=True)[...] = 1
    with pytest.raises(ValueError, match="fit"):
        arena.place(np.zeros(10_000), "first")
