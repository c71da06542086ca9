"""Jobs of `worker` that look at the process: its threads, its floating-point state, its children.

Each imports convcore itself, because the import is what it watches.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def native_threads() -> int:
    """How many threads this process has; 0 where /proc is missing."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else 0


def large_digest() -> str:
    """The hash of results that are large enough for every thread to work on them."""
    from tests.cases import THREADED_CONVS
    from tests.checks import conv_inputs, conv_outputs, digest

    case = THREADED_CONVS[1]
    return digest(conv_outputs(case, *conv_inputs(case, 1, whole=True)).values())


def threads_report(cpus: int | None = None) -> dict[str, Any]:
    """What the environment made of the number of threads, and whether a convolution still is right."""
    if cpus is not None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cpus])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        from convcore import runtime

        threads = runtime.get_num_threads()
        found = large_digest()
        runtime.get_num_threads()
    with runtime.threads(1):
        expected = large_digest()
    return {
        "threads": threads,
        "warnings": [str(warning.message) for warning in caught],
        "hash_is_right": found == expected,
    }


def starved(address_space: int) -> bool:
    """Whether a convolution of a thousand tasks is right where the stacks of its threads may not all find room."""
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    from convcore import ops, runtime

    x, w = np.ones((1024, 28, 28, 2), np.float32), np.ones((3, 3, 2, 8), np.float32)
    found = ops.conv2d(x, w)
    with runtime.threads(1):
        return bool((ops.conv2d(x, w) == found).all())


def threadpool_report() -> dict[str, Any]:
    """What threadpoolctl sees and what its limit does: native threads that a fresh process starts under it."""
    import threadpoolctl

    from convcore import runtime

    runtime.set_num_threads(2)
    before = runtime.get_num_threads()
    with threadpoolctl.threadpool_limits(1, user_api="openmp"):
        inside = runtime.get_num_threads()
        large_digest()
    apis = [pool["user_api"] for pool in threadpoolctl.threadpool_info()]
    return {"apis": apis, "before": before, "inside": inside, "after": runtime.get_num_threads()}


def crowd(callers: int, calls: int, threads: int) -> dict[str, Any]:
    """Many Python threads call at once: how many different results, and how many native threads at most."""
    from convcore import runtime

    runtime.set_num_threads(threads)
    found: set[str] = set()
    start = threading.Barrier(callers)
    most = [0]

    def work() -> None:
        start.wait()
        for _ in range(calls):
            found.add(large_digest())
            most[0] = max(most[0], native_threads())

    idle = native_threads()
    team = [threading.Thread(target=work) for _ in range(callers)]
    for caller in team:
        caller.start()
    for caller in team:
        caller.join()
    # What BLAS libraries had started before is not ours.
    return {"digests": len(found), "most_threads": most[0] - idle + 1}


def fork_report(threads: int, children: int) -> dict[str, Any]:
    """Children forked after parallel work compute the same bits, soon."""
    from convcore import runtime

    runtime.set_num_threads(threads)
    expected = large_digest()
    wrong, slowest = 0, 0.0
    for _ in range(children):
        start = time.monotonic()
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            os._exit(0 if large_digest() == expected else 1)
        _, status = os.waitpid(child, 0)
        wrong += status != 0
        slowest = max(slowest, time.monotonic() - start)
        wrong += large_digest() != expected
    return {"wrong": wrong, "slowest": slowest}


def subnormals_work() -> bool:
    """Whether this thread computes with subnormal numbers."""
    tiny = np.full(8, 1e-41, np.float32)
    return bool((tiny * np.float32(2) > tiny).all() and np.finfo(np.float32).smallest_subnormal > 0)


def subnormal_report(threads: int) -> dict[str, bool]:
    """Whether subnormal numbers work before the import, after parallel calls, and in a thread started later."""
    before = subnormals_work()
    from convcore import runtime

    runtime.set_num_threads(threads)
    large_digest()
    later: list[bool] = []
    thread = threading.Thread(target=lambda: later.append((large_digest(), subnormals_work())[1]))
    thread.start()
    thread.join()
    return {"before": before, "after": subnormals_work(), "in_thread": later == [True]}


def import_report() -> dict[str, bool]:
    """Whether the import and a call leave environment, signal handlers, random states and folder alone."""

    def look() -> tuple[Any, ...]:
        legacy = repr(np.random.get_state())
        handlers = [signal.getsignal(number) for number in sorted(signal.valid_signals())]
        return dict(os.environ), handlers, (random.getstate(), legacy), Path.cwd()

    before = look()
    large_digest()
    same = [a == b for a, b in zip(before, look(), strict=True)]
    return dict(zip(("environment", "signals", "random", "directory"), same, strict=True))


JOBS: dict[str, Callable[..., Any]] = {
    job.__name__: job
    for job in (threads_report, starved, threadpool_report, crowd, fork_report, subnormal_report, import_report)
}
