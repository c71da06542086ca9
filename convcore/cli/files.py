"""Files that a command writes: refused before the work begins rather than after it."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any

from convcore.cli.arguments import UsageError
from convcore.saving.files import write_atomically

__all__ = ["check_writable", "write_json"]


def check_writable(option: str, path: str) -> None:
    """Raise UsageError unless the regular file `path` can be written, new or in place of an old one."""
    if not path or "\0" in path:
        raise UsageError(f"{option} {path!r} is not a possible file name")
    if os.path.isdir(path):
        raise UsageError(f"{option} {path}: is a folder; give the name of a file")
    if os.path.lexists(path) and not os.path.isfile(path):
        raise UsageError(f"{option} {path}: is not a regular file")
    folder = os.path.dirname(os.path.realpath(path))
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"{option} {path}: cannot write into {folder}: {error.strerror}") from None


def write_json(path: str, content: dict[str, Any]) -> None:
    """Write `content` to the file `path`, whole or not at all."""
    text = json.dumps(content, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
    write_atomically(path, text.encode("ascii"), what="results")
