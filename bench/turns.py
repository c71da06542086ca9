"""Libraries that take turns: each in a process of its own, which sleeps while another is measured.

A worker is an object with `version()`, `proof()`, an array that must agree with the first worker's (but for NaNs), and
`work(name)`: a function that does about as many repetitions as it is told and returns how many, or None for what the
library has not. What cannot be imported or made here is absent, with the reason, and stops nobody.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, Protocol

import numpy as np

Run = Callable[[int], int]
# A pool of another library's threads may look for work for a while after its last call.
REST = 0.1


class Worker(Protocol):
    def version(self) -> str: ...
    def proof(self) -> Any: ...
    def work(self, name: str) -> Run | None: ...


class Member(NamedTuple):
    """A name, the place "module:function" that makes its worker, what that is called with, the allowed difference."""

    name: str
    place: str
    arguments: tuple[Any, ...]
    tolerance: float


class Results(NamedTuple):
    """Seconds of one repetition, for each work, member and round; versions; and who is absent, why."""

    seconds: dict[str, dict[str, list[float]]]
    versions: dict[str, str]
    absent: dict[str, str]


def serve(member: Member, threads: int, clock: str, pipe: Connection) -> None:
    """A member's process: say who it is, prove that it does the same, then a time for each work asked for."""
    try:
        confine(threads)
        module, _, function = member.place.partition(":")
        worker: Worker = getattr(importlib.import_module(module), function)(*member.arguments)
        pipe.send((worker.version(), worker.proof()))
    except Exception as error:  # whatever a library raises where it cannot run
        pipe.send((None, f"{type(error).__name__}: {error}".splitlines()[0]))
        return
    runs: dict[str, tuple[Run | None, int]] = {}
    with suppress(EOFError):  # the measuring process has ended
        for name, seconds in iter(pipe.recv, None):
            if name not in runs:
                run = worker.work(name)
                runs[name] = run, repetitions(run, seconds) if run else 0
            pipe.send(measure(*runs[name], seconds, clock))


def confine(threads: int) -> None:
    """Use as many threads, and no more CPUs than that: some libraries count CPUs and ask nobody."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CONVCORE_NUM_THREADS"):
        os.environ[variable] = str(threads)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def repetitions(run: Run, seconds: float) -> int:
    """How many repetitions take about `seconds`, once everything is compiled and cached; what a call costs by itself
    weighs little then."""
    count = run(2)
    while True:
        start = time.perf_counter()
        done = run(count)
        elapsed = time.perf_counter() - start
        if done < count or elapsed > seconds / 3:
            return max(1, round(done * seconds / elapsed))
        count *= 3


def measure(run: Run | None, count: int, seconds: float, clock: str = "perf_counter") -> float | None:
    """Seconds of one repetition by a `clock` of `time`, over about `seconds`, after a warm-up of a tenth of that."""
    now: Callable[[], float] = getattr(time, clock)
    if run is None:
        return None
    run(-(-count // 10))
    done, start = 0, now()
    while (elapsed := now() - start) < 0.9 * seconds:
        done += run(count)
    return elapsed / done


def drop(name: str, reason: str, pipes: dict[str, Connection], results: Results, say: Callable[[str], None]) -> None:
    """Go on without a member, and without what it had done so far."""
    del pipes[name], results.versions[name]
    for measured in results.seconds.values():
        measured.pop(name, None)
    results.absent[name] = reason
    say(f"absent: {name} ({reason})")


def take_turns(
    members: Sequence[Member],
    works: Sequence[str],
    *,
    threads: int,
    rounds: int,
    seconds: float,
    say: Callable[[str], None],
    clock: str = "perf_counter",
) -> Results:
    """Measure every work in every member, in turn, in every round. The first member must be present."""
    context = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    results = Results({work: {} for work in works}, {}, {})
    expected: Any = None
    for member in members:
        pipe, end = context.Pipe()
        context.Process(target=serve, args=(member, threads, clock, end), daemon=True).start()
        end.close()
        try:
            version, proof = pipe.recv()
        except EOFError:
            version, proof = None, "its process died"
        if version is None:
            results.absent[member.name] = proof
            say(f"absent: {member.name} ({proof})")
            continue
        expected = proof if expected is None else expected
        difference = float(np.nanmax(np.abs(proof - expected)))
        if not difference <= member.tolerance:
            raise SystemExit(f"{member.name} computes something else than {members[0].name}, by {difference:.1e}.")
        pipes[member.name], results.versions[member.name] = pipe, version
    if members[0].name not in pipes:
        raise SystemExit(f"{members[0].name}, which the others are compared with, is absent.")
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for work in works:
            for name, pipe in list(pipes.items()):
                time.sleep(REST)
                try:
                    pipe.send((work, seconds))
                    measured = pipe.recv()
                except (EOFError, OSError):
                    drop(name, f"its process died in {work}", pipes, results, say)
                    continue
                if measured is not None:
                    results.seconds[work].setdefault(name, []).append(measured)
    for pipe in pipes.values():
        pipe.send(None)
    return results
