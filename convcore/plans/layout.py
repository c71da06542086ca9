"""The layout of a program's arena: who has which bytes, and from when to when."""

from __future__ import annotations

from convcore.memory import whole_lines

__all__ = ["Layout"]


class Layout:
    """Hands out ranges of one arena, each on cache lines of its own, and takes them back.

    Steps run in the order in which they were planned, so a range that was released serves a later step.
    """

    def __init__(self) -> None:
        self.size = 0
        self._free: list[tuple[int, int]] = []
        self._taken: dict[int, int] = {}

    def reserve(self, size: int) -> int:
        """The offset of `size` bytes: the smallest free range that holds them, or new ones at the end."""
        size = whole_lines(max(size, 1))
        fitting = [(length, offset) for offset, length in self._free if length >= size]
        if fitting:
            length, offset = min(fitting)
            self._free.remove((offset, length))
            if length > size:
                self._free.append((offset + size, length - size))
        else:
            offset = self.size
            self.size += size
        self._taken[offset] = size
        return offset

    def release(self, offset: int) -> None:
        """Give back the range at `offset`; free neighbours join."""
        size = self._taken.pop(offset)
        for start, length in list(self._free):
            if start + length == offset:
                self._free.remove((start, length))
                offset, size = start, size + length
            elif offset + size == start:
                self._free.remove((start, length))
                size += length
        self._free.append((offset, size))
