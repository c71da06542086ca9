"""``python -m tests.corpus.run NAME`` runs one item under limits and ends with 0 if it got its right answer.

Checked of every refused call: the class of the error, what its message mentions, at most 1 ms (the median of 100) and
at most 64 KiB of memory. Afterwards a known convolution must still give its known hash.
"""

from __future__ import annotations

import contextlib
import faulthandler
import hashlib
import resource
import sys
import time
import tracemalloc

import numpy as np

from convcore import ops
from tests.corpus import (  # noqa: F401
    backward,
    commands,
    forward,
    inputs,
    numerics,
    pooling,
    pooling_kinds,
    sources,
    training,
)
from tests.corpus.registry import ITEMS, Call, Item

ADDRESS_SPACE = 4 << 30
CPU_SECONDS = 10
REFUSAL_SECONDS = 1e-3
REFUSAL_BYTES = 64 << 10
RESIDENT_BYTES = 4 << 20
REPEATS = 100
# SHA-256 of the bytes of the convolution in `known_hash`, from the oracle.
KNOWN_HASH = "85ddfe5591d2393eb4b144d93551f6ee5b075fa4a63a133d442041dd7278729b"


def known_hash() -> str:
    """The hash of a convolution of whole numbers: the same bits on every machine."""
    x = (np.arange(2 * 9 * 8 * 5) % 17 - 8).astype(np.float32).reshape(2, 9, 8, 5)
    w = (np.arange(3 * 2 * 5 * 19) % 13 - 6).astype(np.float32).reshape(3, 2, 5, 19)
    y = ops.conv2d(x, w, np.arange(19, dtype=np.float32), stride=(2, 1), padding="same", activation="relu")
    return hashlib.sha256(y.astype("<f4").tobytes()).hexdigest()


def limit() -> None:
    """Bound what a fault may take from the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable()


def error_of(item: Item, call: Call, where: str) -> BaseException:
    """The error that the call raises, one of those the item allows; any other ends the process."""
    try:
        result = call()
    except item.errors as error:
        return error
    raise AssertionError(f"{where}: nothing was raised, the result is {result!r:.200}")


def peak_of(item: Item, call: Call) -> int:
    """The most bytes that are allocated at one time of the call."""
    tracemalloc.start()
    with contextlib.suppress(*item.errors):
        call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def check_refusal(item: Item, number: int, call: Call) -> None:
    """One call raises the right error, at once and cheaply."""
    where = f"{item.name}, call {number}"
    message = str(error_of(item, call, where))
    missing = [word for word in item.mentions if word not in message]
    assert not missing, f"{where}: the message does not mention {missing}: {message}"
    assert 0 < len(message) < 1000, f"{where}: a message of {len(message)} letters"
    # The smaller of two: that of one call may be the interpreter's table of interned strings, which happened to grow.
    peak = min(peak_of(item, call) for _ in range(2))
    assert peak <= REFUSAL_BYTES, f"{where}: {peak} bytes were allocated"
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        with contextlib.suppress(*item.errors):
            call()
        seconds.append(time.perf_counter() - start)
    median = sorted(seconds)[REPEATS // 2]
    assert median <= REFUSAL_SECONDS, f"{where}: the refusal took {median * 1e3:.2f} ms"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident) * 1024
    assert grown <= RESIDENT_BYTES, f"{where}: {REPEATS} refusals took {grown} bytes"


def main(name: str) -> None:
    """Run one item."""
    limit()
    item = ITEMS[name]
    for number, call in enumerate(item.calls):
        if item.errors:
            check_refusal(item, number, call)
        else:
            call()
    assert known_hash() == KNOWN_HASH, f"{name}: a good convolution gives wrong bits afterwards"


if __name__ == "__main__":
    main(sys.argv[1])
