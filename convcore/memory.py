"""How much memory a request may take: asked before anything is allocated, so that a mistake costs an error."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.errors import ParameterError, ResourceLimitError

__all__ = ["CACHE_LINE", "aligned_zeros", "require_memory", "whole_lines"]

CACHE_LINE = 64

# Requests below this are granted without asking the system what is free.
SMALL_REQUEST = 64 << 20


def _memory_limit() -> int:
    """Bytes that may still be allocated: 80 % of what is free, within CONVCORE_MEMORY_LIMIT and the control group."""
    limits = []
    text = os.environ.get("CONVCORE_MEMORY_LIMIT", "").strip()
    if text:
        if not text.isdigit():
            raise ParameterError(f"CONVCORE_MEMORY_LIMIT={text!r}: expected a number of bytes.")
        limits.append(int(text))
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        limits += [int(line.split()[1]) * 1024 * 8 // 10 for line in lines if line.startswith("MemAvailable:")]
    except OSError:
        limits.append(
            os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 8 // 10
            if hasattr(os, "sysconf")
            else sys.maxsize
        )
    try:
        group = Path("/sys/fs/cgroup")
        most, used = (group / "memory.max").read_text().strip(), (group / "memory.current").read_text().strip()
        if most != "max":
            limits.append(max(0, int(most) - int(used)))
    except (OSError, ValueError):
        pass
    return min(limits)


def require_memory(size: int, what: str) -> None:
    """Refuse, before anything is allocated, a request of `size` bytes that the system cannot carry."""
    if size < SMALL_REQUEST and "CONVCORE_MEMORY_LIMIT" not in os.environ:
        return
    limit = _memory_limit()
    if size > limit:
        raise ResourceLimitError(
            f"{what} needs {size:,} bytes, {limit:,} may be used "
            f"(CONVCORE_MEMORY_LIMIT, the control group, or 80 % of free memory)."
        )


def whole_lines(size: int) -> int:
    """`size` bytes, rounded up to cache lines."""
    return -(-size // CACHE_LINE) * CACHE_LINE


def aligned_zeros(count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """`count` zeros that begin with a cache line: a vector that lies in two lines takes two loads."""
    kind = np.dtype(dtype)
    memory = bytearray(count * kind.itemsize + CACHE_LINE)
    start = -np.frombuffer(memory, np.uint8).ctypes.data % CACHE_LINE
    return np.frombuffer(memory, kind, count, start)
