"""A list of kernel steps under construction, and the memory they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from convcore import _native

__all__ = ["Buffer", "Steps"]

ITEM_BYTES = {"float32": 4, "float64": 8}
CACHE_LINE = 64


@dataclass(frozen=True, slots=True)
class Buffer:
    """A place in a program's memory: its arena, a buffer bound to it, or what each run brings."""

    kind: str
    index: int
    offset: int

    def at(self, offset: int) -> Buffer:
        """The place `offset` bytes further on."""
        return Buffer(self.kind, self.index, self.offset + offset)


class Steps:
    """Kernel steps in the order in which they will run."""

    def __init__(self, dtype: str = "float32") -> None:
        self.dtype = dtype
        self.item_bytes = ITEM_BYTES[dtype]
        self.arena_bytes = 0
        self.work = 0.0
        self.steps: list[tuple[str, dict[str, int | float], list[Buffer | None]]] = []
        self.notes: list[dict[str, Any]] = []
        self._bound: list[Any] = []
        self._external_bytes: list[int] = []
        self._written: list[bool] = []

    def external(self, size: int, *, written: bool = False) -> Buffer:
        """A buffer of `size` bytes that each run brings; -1 where the caller vouches for its size."""
        self._external_bytes.append(size)
        self._written.append(written)
        return Buffer("external", len(self._external_bytes) - 1, 0)

    def bind(self, thing: Any) -> Buffer:
        """A writable buffer that the program holds as long as it lives."""
        for index, known in enumerate(self._bound):
            if known is thing:
                return Buffer("bound", index, 0)
        self._bound.append(thing)
        return Buffer("bound", len(self._bound) - 1, 0)

    def reals(self, count: int) -> Buffer:
        """`count` elements of the arena."""
        return self.bytes(count * self.item_bytes)

    def bytes(self, size: int) -> Buffer:
        """`size` bytes of the arena, on a cache line of their own."""
        offset = self.arena_bytes
        self.arena_bytes += -(-max(size, 1) // CACHE_LINE) * CACHE_LINE
        return Buffer("arena", 0, offset)

    def add(self, kernel: str, fields: Mapping[str, int | float], *buffers: Buffer | None, work: float, note: str = "") -> None:
        """Append a step; `work` is about how many multiply-adds it costs."""
        self.steps.append((kernel, dict(fields), list(buffers)))
        self.work += work
        self.notes.append({"kernel": kernel, "work": work, "note": note})

    def build(self) -> _native.Program:
        steps = [
            (kernel, fields, [None if b is None else (b.kind, b.index, b.offset) for b in buffers]) for kernel, fields, buffers in self.steps
        ]
        return _native.Program(
            self.dtype,
            steps,
            arena_bytes=self.arena_bytes,
            bound=self._bound,
            external_bytes=tuple(self._external_bytes),
            written=tuple(self._written),
            work=self.work,
        )
