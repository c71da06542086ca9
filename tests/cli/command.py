"""Runs the command line in a process of its own, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TIMEOUT = 120


def environment(**changes: str) -> dict[str, str]:
    """The environment of a run: one thread, no data sets of this machine."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"CONVCORE_DATA", "XDG_CACHE_HOME"}}
    return inherited | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": os.devnull, "CONVCORE_NUM_THREADS": "1"} | changes


def convcore(*arguments: object, cwd: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """``python -m convcore`` with `arguments` in the folder `cwd`."""
    return subprocess.run(
        [sys.executable, "-m", "convcore", *map(str, arguments)],
        cwd=cwd,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def shell(script: str, *, cwd: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """A script of bash, in which ``$CONVCORE`` is the command; its exit code is that of the first failure in a pipe."""
    command = f"{sys.executable} -m convcore"
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", script],
        cwd=cwd,
        env=environment(CONVCORE=command, **changes),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def one_line(text: str) -> bool:
    """Whether `text` is one line, and no traceback."""
    return text.count("\n") == 1 and text.endswith("\n") and "Traceback" not in text
