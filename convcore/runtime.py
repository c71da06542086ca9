"""The engine's settings: which ISA runs, how many threads, which mathematics."""

from __future__ import annotations

import math
import os
import platform
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from convcore.checks import shown
from convcore.engine import native
from convcore.errors import ParameterError
from convcore.shapes import integer

__all__ = [
    "active_isa",
    "get_num_threads",
    "measure_peak",
    "set_num_threads",
    "show_config",
    "threads",
]

# More threads than this help nobody, and each takes address space for its stack.
MOST_THREADS = max(64, 2 * (os.cpu_count() or 1))

MATH_MODES = ("fast", "exact")
_math = "fast"


def active_isa() -> str:
    """The instruction set whose kernels run: "baseline", "avx2" or "avx512"."""
    name: str = native.active_isa()
    return name


def set_num_threads(count: int) -> None:
    """Let the engine use up to `count` threads. Results do not depend on it, to the bit.

    Raises `ParameterError` unless `count` is an integer from 1 to 64 (or twice the CPUs, if that is more).

    >>> import convcore
    >>> convcore.set_num_threads(2)
    >>> convcore.get_num_threads()
    2
    """
    global _decided_by
    native.set_threads(integer("count", count, 1, MOST_THREADS))
    _decided_by = "set_num_threads"


def get_num_threads() -> int:
    """How many threads the engine may use now: what was set, or less under a limit of OpenMP (threadpoolctl)."""
    count: int = native.allowed_threads()
    return count


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Use up to `count` threads inside a ``with`` block.

    >>> import convcore
    >>> with convcore.threads(1):
    ...     convcore.get_num_threads()
    1
    """
    global _decided_by
    before, decided_by = native.wanted_thread_count(), _decided_by
    set_num_threads(count)
    try:
        yield
    finally:
        native.set_threads(before)
        _decided_by = decided_by


def set_math(mode: str) -> None:
    """Choose how the steps of a model compute: "fast" (the default) or "exact".

    "fast" may use Winograd's convolution, whose results are within 2e-5 of the largest output's size of the direct
    sum's, the same to the bit where an output sees zeros only, and which may spread a NaN or an infinity to its
    neighbours, and in inference it folds a batch normalization into the weights of the convolution before it, which
    rounds elsewhere. "exact" sums each output directly, in one fixed order, and normalizes it then. In both modes
    results have the same bits for any number of threads and however a batch is split.
    Functions of `convcore.ops` are always exact; ``model.compile(..., math="exact")`` decides for one model.

    >>> import convcore
    >>> convcore.set_math("exact"); convcore.get_math()
    'exact'
    >>> convcore.set_math("fast")
    """
    global _math
    _math = require_math("mode", mode)


def require_math(name: str, mode: object) -> str:
    """`mode`, which has to be one of the two."""
    if not isinstance(mode, str) or mode not in MATH_MODES:
        raise ParameterError(f"{name}: expected one of {', '.join(map(repr, MATH_MODES))}, got {shown(mode)}.")
    return mode


def get_math() -> str:
    """The mode that `set_math` chose."""
    return _math


def _cpu_quota() -> float:
    """CPUs that the control group may use, infinity where there is no limit."""
    try:
        group = Path("/proc/self/cgroup").read_text()
    except OSError:
        return math.inf
    quota = math.inf
    for line in group.splitlines():
        _, controllers, path = line.split(":", 2)
        try:
            if not controllers:
                for folder in (Path("/sys/fs/cgroup" + path), *Path("/sys/fs/cgroup" + path).parents):
                    limit = folder / "cpu.max"
                    if limit.exists():
                        allowed, period = limit.read_text().split()
                        if allowed != "max":
                            quota = min(quota, int(allowed) / int(period))
            elif "cpu" in controllers.split(","):
                folder = Path("/sys/fs/cgroup/cpu" + path)
                allowed_us = int((folder / "cpu.cfs_quota_us").read_text())
                if allowed_us > 0:
                    quota = min(quota, allowed_us / int((folder / "cpu.cfs_period_us").read_text()))
        except (OSError, ValueError):
            continue
    return quota


def _default_threads() -> tuple[int, str]:
    """Threads and who decided: an environment variable, or the CPUs that this process may use."""
    for variable in ("CONVCORE_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(variable, "").split(",")[0].strip()
        if not text:
            continue
        try:
            wanted = int(text)
        except ValueError:
            warnings.warn(
                f"{variable}={os.environ[variable]!r} is not a number of threads; it is ignored.", stacklevel=2
            )
            continue
        count = min(max(wanted, 1), MOST_THREADS)
        if count != wanted:
            warnings.warn(f"{variable}={wanted} is outside 1 to {MOST_THREADS}; {count} is used.", stacklevel=2)
        return count, variable
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _cpu_quota()
    if quota < cpus:
        return max(1, math.ceil(quota)), "the control group's CPU quota"
    return min(cpus, MOST_THREADS), "the CPUs of this process"


def _select_isa() -> None:
    usable = [name for name, works in native.list_isas() if works]
    wanted = os.environ.get("CONVCORE_ISA", "").strip().lower() or usable[-1]
    if wanted not in usable:
        raise ParameterError(f"CONVCORE_ISA={wanted!r} cannot run here; usable: {', '.join(usable)}.")
    native.select_isa(wanted)


def measure_peak(count: int = 1, *, dtype: str = "float32") -> float:
    """GFLOP/s of multiply-adds alone on `count` threads: the limit that a kernel's speed is a share of."""
    import time

    import numpy as np

    tasks, rounds = 8 * count, 200_000
    sink = np.zeros(tasks, dtype=dtype)
    program = native.Program(
        dtype,
        [("peak", {"n": tasks, "count": rounds}, [("external", 0, 0)], math.inf, None)],
        arena_bytes=0,
        bound=[],
        external_bytes=(sink.nbytes,),
        written=(True,),
    )
    operations = tasks * rounds * native.peak_operations(dtype)
    times = []
    with threads(count):
        for _ in range(5):
            start = time.perf_counter()
            program.run((sink,))
            times.append(time.perf_counter() - start)
    return operations / sorted(times)[len(times) // 2] / 1e9


def _decider() -> str:
    """Who decided about the number of threads."""
    limited = native.allowed_threads() < native.wanted_thread_count()
    return "an OpenMP limit (threadpoolctl or omp_set_num_threads)" if limited else _decided_by


def show_config(*, as_dict: bool = False) -> dict[str, Any] | None:
    """Print what runs here: version, ISA, threads and who decided, OpenMP, compiler; with `as_dict` return it instead.

    >>> import convcore
    >>> sorted(convcore.show_config(as_dict=True))
    ['compiler', 'isa', 'numpy', 'openmp', 'platform', 'python', 'threads', 'version']
    """
    import numpy as np

    from convcore import __version__

    isas = native.list_isas()
    version = native.openmp()
    config: dict[str, Any] = {
        "version": __version__,
        "isa": {
            "built": [name for name, _ in isas],
            "usable": [name for name, works in isas if works],
            "active": active_isa(),
        },
        "threads": {"count": get_num_threads(), "decided_by": _decider()},
        "openmp": f"OpenMP {version}" if version else "none (serial build)",
        "compiler": native.compiler(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
    }
    if as_dict:
        return config
    isa, team = config["isa"], config["threads"]
    print(f"convcore  {config['version']}")
    print(f"isa       {isa['active']} (usable: {', '.join(isa['usable'])}; built: {', '.join(isa['built'])})")
    print(f"threads   {team['count']}, decided by {team['decided_by']}")
    for key in ("openmp", "compiler", "python", "numpy", "platform"):
        print(f"{key:9} {config[key]}")
    return None


_select_isa()
_count, _decided_by = _default_threads()
native.set_threads(_count)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=native.pause_threads)
