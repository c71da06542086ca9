"""The machine and the libraries that a number comes from; a number without them says nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

import convcore
from convcore import runtime


@cache
def peak(threads: int) -> float:
    """The fused multiply-adds in registers of `threads` threads, in GFLOP/s: the best of three measurements."""
    return max(runtime.measure_peak(threads) for _ in range(3))


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def cpu() -> str:
    """The name of the processor, as the system gives it."""
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def load() -> float | None:
    """How many processes wanted to run, on average over the last minute; a quiet machine is near 0."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def machine() -> dict[str, str]:
    """What a file of results says about where it was measured."""
    system = f"{platform.system()} {platform.machine()}"
    return {"cpu": cpu(), "system": system, "python": platform.python_version(), "numpy": metadata.version("numpy")}


def heading(*packages: str) -> str:
    """One line: processor, ISA, system, Python and the versions of `packages`."""
    parts = [cpu(), runtime.active_isa(), f"{platform.system()} {platform.machine()}"]
    parts += [f"Python {platform.python_version()}", f"convcore {convcore.__version__}"]
    return ", ".join(parts + [f"{name} {metadata.version(name)}" for name in packages])
