"""Reading and writing whole files: regular files only, and a file on disk is always a complete one."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from typing import Any

from convcore.errors import CheckpointError, ModelFileError, ParameterError

__all__ = ["check_target", "path_text", "read_regular", "write_atomically"]

_SUFFIX = ".convcore-tmp"
_SETTLED_SECONDS = 60


class MissingFileError(CheckpointError, FileNotFoundError):
    """There is no such file."""


class ExistingFileError(CheckpointError, FileExistsError):
    """There is such a file already."""


def path_text(path: Any) -> str:
    """`path`, a string, bytes or PathLike, as a string."""
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise ParameterError(
            f"`filepath` must be a string or a path. Received: filepath={path!r} (of type {type(path)})"
        ) from None
    if not text or "\0" in text:
        raise ParameterError(f"`filepath` must not be empty or contain a NUL character. Received: filepath={path!r}")
    return text


def check_target(path: str, overwrite: bool, what: str = "model") -> None:
    """Raise CheckpointError if `path` can be seen not to be writable: a folder, no parent, or there already."""
    parent = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(parent):
        raise MissingFileError(errno.ENOENT, f"cannot write the {what}: the folder does not exist", path)
    if os.path.isdir(path):
        raise CheckpointError(errno.EISDIR, f"cannot write the {what}: the path is a folder", path)
    if os.path.lexists(path) and not overwrite:
        raise ExistingFileError(errno.EEXIST, f"cannot write the {what}: the file exists and overwrite is False", path)


def write_atomically(path: str, data: bytes, overwrite: bool = True, what: str = "model") -> None:
    """Write `data`, which `what` names, to `path`: after any fault the old file or the new one is there, complete."""
    check_target(path, overwrite, what)
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    prefix = f".{name[:100]}."
    temporary = os.path.join(folder, f"{prefix}{secrets.token_hex(8)}{_SUFFIX}")
    try:
        with open(temporary, "xb") as file:
            _lock(file.fileno())
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                os.replace(temporary, target)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
                raise
        _sync_folder(folder)
    except OSError as error:
        raise CheckpointError(error.errno, f"cannot write the {what}: {error.strerror}", path) from error
    _remove_orphans(folder, prefix)


def read_regular(path: str) -> bytes:
    """The whole content of the regular file `path`."""
    try:
        # Without O_NONBLOCK, opening a pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ModelFileError(f"{path}: not a regular file.")
            return file.read()
    except FileNotFoundError as error:
        raise MissingFileError(error.errno, "cannot read the model: no such file", path) from error
    except OSError as error:
        raise CheckpointError(error.errno, f"cannot read the model: {error.strerror}", path) from error


def _lock(descriptor: int) -> bool:
    """Take the lock that marks a temporary file as being written; False if another process has it."""
    try:
        import fcntl
    except ImportError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sync_folder(folder: str) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_orphans(folder: str, prefix: str) -> None:
    """Remove temporary files that killed processes left behind: those that nobody has locked."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if not (name.startswith(prefix) and name.endswith(_SUFFIX)):
                continue
            orphan = os.path.join(folder, name)
            with contextlib.suppress(OSError), open(orphan, "rb") as file:
                # A writer locks right after creating: a new and empty file may be one that is about to.
                found = os.fstat(file.fileno())
                settled = found.st_size > 0 or time.time() - found.st_mtime > _SETTLED_SECONDS
                if settled and _lock(file.fileno()):
                    os.unlink(orphan)
