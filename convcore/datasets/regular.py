"""Opening a data file: only a regular one, and every fault of the path an OSError that names it."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader

from convcore.errors import ParameterError

__all__ = ["Path", "open_regular"]

Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def open_regular(path: Path) -> BufferedReader:
    """Open the regular file `path` for reading bytes.

    Raises:
        OSError: It cannot be opened, is a directory, or is not a regular file, or the name is impossible.
        ParameterError: `path` is not a path; a number is not taken for an open file.
    """
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise ParameterError(f"path={path!r} is not a path: give a str, bytes or os.PathLike.")
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    # Without O_NONBLOCK, opening a named pipe waits for a writer for ever.
    flags |= getattr(os, "O_NONBLOCK", 0)
    try:
        if os.path.isdir(path):  # not left to os.open, which answers PermissionError on Windows
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
        handle = os.open(path, flags)
    except ValueError as error:  # a NUL or a character that no file name can have
        raise OSError(errno.EINVAL, f"Not a possible file name ({error})", os.fspath(path)) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "Not a regular file", os.fspath(path))
    return os.fdopen(handle, "rb")
