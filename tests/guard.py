"""Arrays that lie against pages nobody may touch: one byte read or written outside them ends the process.

This works on the shipped binary and on every ISA, where a sanitizer sees only its own build.
"""

from __future__ import annotations

import ctypes
import mmap
from typing import Literal

import numpy as np

from tests.reference import Array

PAGE = mmap.PAGESIZE
_PROT_NONE = 0
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


class GuardedArena:
    """Room for one array of up to `capacity` bytes between two forbidden pages; each `place` overwrites the last."""

    def __init__(self, capacity: int) -> None:
        self.room = -(-max(capacity, 1) // PAGE) * PAGE
        self._map = mmap.mmap(-1, self.room + 2 * PAGE)
        self._start = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self._protect(0, PAGE, _PROT_NONE)
        self._protect(PAGE + self.room, PAGE, _PROT_NONE)

    def _protect(self, offset: int, size: int, protection: int) -> None:
        if _libc.mprotect(self._start + offset, size, protection):
            raise OSError(ctypes.get_errno(), "mprotect")

    def place(self, array: Array, end: Literal["first", "last"], *, writable: bool = False) -> Array:
        """A copy of `array` at the first or last byte of the room; read-only to everyone by default."""
        if array.nbytes > self.room:
            raise ValueError(f"{array.nbytes} bytes do not fit into {self.room}")
        self._protect(PAGE, self.room, mmap.PROT_READ | mmap.PROT_WRITE)
        offset = PAGE if end == "first" else PAGE + self.room - array.nbytes
        copy = np.frombuffer(self._map, array.dtype, array.size, offset).reshape(array.shape)
        copy[...] = array
        if not writable:
            copy.flags.writeable = False
            self._protect(PAGE, self.room, mmap.PROT_READ)
        return copy
