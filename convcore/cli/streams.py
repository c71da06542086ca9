"""Standard output and error that may be closed, full, without Unicode, or read by someone who leaves."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

__all__ = ["finish", "prepare", "say_error"]


def prepare() -> None:
    """Make both streams writable: one that is closed goes nowhere, a character that one cannot show becomes ``?``."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def finish(code: int) -> int:
    """Write out what is buffered; the exit code, which changes where that cannot be done."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return code or 141
    except OSError as error:
        _discard_output()
        say_error("convcore", error)
        return code or 1
    return code


def say_error(program: str, error: object) -> None:
    """One line on standard error."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        named = f"{os.fsdecode(error.filename)!s}: " if isinstance(error.filename, (str, bytes)) else ""
        text = f"{named}{error.strerror}"
    elif isinstance(error, MemoryError) and not text:
        text = "out of memory"
    line = " ".join(text.replace("\0", "\\0").split())
    try:
        print(f"{program}: {line}", file=sys.stderr, flush=True)
    except OSError:
        return  # nobody is left to tell; the exit code remains


def _discard_output() -> None:
    """Point standard output nowhere, so that Python's own flush at exit finds nothing to complain about."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # a stream that is no file, as in a test
        sys.stdout = _nowhere()
    finally:
        os.close(nowhere)


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")
