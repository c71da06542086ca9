"""Jobs for a process of their own: the ISA is chosen at import, so another ISA takes another process.

``python -m tests.worker`` reads ``{"job": name, "arguments": {...}}`` from stdin and writes the job's result as JSON.
`run_job` starts one and returns what it wrote. One process works through many cases, so that suites stay fast.
"""

from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def run_job(
    job: str,
    *,
    isa: str | None = None,
    environment: dict[str, str] | None = None,
    timeout: float = 120,
    **arguments: Any,
) -> Any:
    """The result of a job run in a fresh process, under `isa` where one is named; its stderr is the error's text."""
    variables = {**os.environ, **(environment or {}), "PYTHONPATH": str(ROOT)}
    if isa is not None:
        variables["CONVCORE_ISA"] = isa
    request = json.dumps({"job": job, "arguments": arguments})
    done = subprocess.run(
        [sys.executable, "-m", "tests.worker"],
        input=request,
        env=variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"{job} under {isa} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout)


def active_isa() -> str:
    """The ISA in use."""
    from convcore import runtime

    return str(runtime.active_isa())


def whole_numbers(seed: int, convs: int, pools: int, threads: list[int]) -> int:
    """Check random and large problems on integers, to the bit, at each number of threads; the number of problems."""
    from tests import cases, checks

    problems = [*cases.random_convs(seed, convs), *cases.THREADED_CONVS]
    for number, conv in enumerate(problems):
        _announce(conv)
        checks.check_whole_conv(conv, seed + number, threads)
    for number, pool in enumerate([*cases.random_pools(seed, pools), *cases.THREADED_POOLS]):
        _announce(pool)
        checks.check_whole_pool(pool, seed + number, threads)
    for number, dense in enumerate([*cases.EDGE_DENSES, *cases.THREADED_DENSES]):
        _announce(dense)
        checks.check_whole_dense(dense, seed + number, threads)
    return len(problems)


def bounds(seed: int, count: int) -> int:
    """Check random problems on normal data against the bound; the number of problems."""
    from tests import cases, checks

    problems = [*cases.random_convs(seed, count), *cases.THREADED_CONVS]
    for number, case in enumerate(problems):
        _announce(case)
        checks.check_conv_bound(case, seed + number)
    return len(problems)


def digests(seed: int, count: int, threads: list[int]) -> dict[str, dict[str, str]]:
    """The hashes of the results of random and large problems, for each number of threads."""
    from convcore import runtime
    from tests import cases, checks
    from tests.layer_digests import layer_digests

    convs = [*cases.random_convs(seed, count), *cases.EDGE_CONVS, *cases.GROUPED_CONVS, *cases.THREADED_CONVS]
    pools = [*cases.random_pools(seed, count), *cases.EDGE_POOLS, *cases.THREADED_POOLS]
    denses = [*cases.EDGE_DENSES, *cases.THREADED_DENSES]
    by_threads = {}
    for number in threads:
        with runtime.threads(number):
            by_threads[str(number)] = checks.all_digests(convs, pools, denses) | layer_digests()
    return by_threads


def guard(seed: int, count: int) -> int:
    """Run problems on arrays against forbidden pages, at both ends; a stray access ends the process."""
    from tests import cases, guarded

    convs = [*cases.random_convs(seed, count), *cases.EDGE_CONVS, *cases.GROUPED_CONVS, *cases.TAIL_CONVS]
    convs += cases.THREADED_CONVS
    pools = [*cases.random_pools(seed, count), *cases.EDGE_POOLS, *cases.THREADED_POOLS]
    denses = [*cases.EDGE_DENSES, *cases.THREADED_DENSES]
    for case in (*convs, *pools, *denses):
        _announce(case)
        guarded.run(case)
    guarded.run_pointwise()
    return len(convs) + len(pools) + len(denses)


def row_losses() -> int:
    """Every loss of rows against its formula, and the same bits for every number of threads; how many losses."""
    from tests.program import test_lower_loss as subject

    for kind, parameters in subject.CASES:
        subject.test_values_are_those_of_the_formulas(kind, parameters, 33, 10)
        subject.test_gradients_are_those_of_differences(kind, parameters)
    subject.test_threads_change_no_bit()
    return len(subject.CASES)


def trespass() -> int:
    """Write one byte behind an array, as a kernel with a wrong tail would; a checking allocator ends the process.

    It searches for its mark backwards through the array's bytes, and the mark can be any byte but one: of ones it finds
    none at any address, of zeros it finds one at each 256th.
    """
    import ctypes

    import numpy as np

    array = np.ones(8000, np.uint8)
    behind = ctypes.c_ubyte.from_address(array.ctypes.data + array.nbytes)
    behind.value ^= 0xFF  # another byte, whatever mark the allocator set there
    del array
    return 0


def _announce(case: object) -> None:
    """The last line of stderr names the case that a crash belongs to."""
    print(repr(case), file=sys.stderr)


def resampled(threads: list[int]) -> list[str]:
    """The hashes of resampled images, for each number of threads."""
    from convcore import runtime
    from tests.ops.test_affine import resampled_digest

    digests = []
    for number in threads:
        with runtime.threads(number):
            digests.append(resampled_digest())
    return digests


def updates() -> str:
    """The hash of what every optimizer, penalty and constraint makes of the same numbers."""
    import numpy as np

    import convcore as keras
    from tests.checks import digest

    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(5, 24, 70)).astype(np.float32), rng.normal(size=(5, 24, 61)).astype(np.float32)
    results = []
    for kind in ("SGD", "Adam", "AdamW", "RMSprop", "Nadam", "Adagrad", "Adadelta", "Adamax", "Ftrl", "Lion"):
        for clip in ("clipnorm", "global_clipnorm", "clipvalue"):
            optimizer = getattr(keras.optimizers, kind)(0.01, weight_decay=0.1, use_ema=True, **{clip: 0.1})
            variables = [keras.Variable(x[0], name="w"), keras.Variable(y[0], name="v")]
            variables[0].constraint = keras.constraints.MaxNorm(1.0)
            for step in range(5):
                optimizer.apply([x[step], y[step]], variables)
            results += [variable.value for variable in variables]
    return digest(results)


JOBS: dict[str, Callable[..., Any]] = {
    job.__name__: job
    for job in (active_isa, whole_numbers, bounds, digests, guard, resampled, row_losses, trespass, updates)
}


if __name__ == "__main__":
    faulthandler.enable()
    wanted = json.load(sys.stdin)
    from tests import worker_runtime

    jobs = {**JOBS, **worker_runtime.JOBS}
    json.dump(jobs[wanted["job"]](**wanted["arguments"]), sys.stdout)
