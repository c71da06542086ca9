"""A list of kernel steps under construction, and the memory they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from convcore.engine import native
from convcore.plans.layout import Layout

__all__ = ["Buffer", "Origin", "Steps"]

ITEM_BYTES = {"float32": 4, "float64": 8}


@dataclass(frozen=True, slots=True)
class Origin:
    """What steps stand for: a part of a program ("forward", say) and, if it is one's, the node of a graph."""

    part: str
    node: Any = None


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
    """Kernel steps in the order in which they will run, over one dtype."""

    def __init__(self, dtype: str = "float32") -> None:
        self.dtype = dtype
        self.item_bytes = ITEM_BYTES[dtype]
        self.layout = Layout()
        self.steps: list[tuple[str, dict[str, int | float], list[Buffer | None], float]] = []
        # Beside each step, for explain: what it stands for, and why it takes a slower path than it might.
        self.remarks: list[tuple[Origin, str | None]] = []
        self.origin = Origin("")
        self._bound: list[Any] = []
        self._externals: list[tuple[int, bool]] = []

    def continued(self) -> Steps:
        """An empty list that runs after this one, over the same arena and the same externals."""
        following = Steps(self.dtype)
        following.layout = self.layout
        following.origin = self.origin
        following._externals = self._externals
        return following

    def external(self, size: int, *, written: bool = False) -> Buffer:
        """A buffer of `size` bytes that each run brings; -1 where the caller vouches for its size."""
        self._externals.append((size, written))
        return Buffer("external", len(self._externals) - 1, 0)

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
        """`size` bytes of the arena, on cache lines of their own."""
        return Buffer("arena", 0, self.layout.reserve(size))

    def release(self, buffer: Buffer) -> None:
        """Let later steps have the arena's bytes of `buffer`; other buffers are not ours to release."""
        if buffer.kind == "arena":
            self.layout.release(buffer.offset)

    def add(
        self,
        kernel: str,
        fields: Mapping[str, int | float],
        *buffers: Buffer | None,
        work: float,
        note: str | None = None,
    ) -> None:
        """Append a step; `work` is about how many multiply-adds it costs, `note` why it takes a slower path."""
        self.steps.append((kernel, dict(fields), list(buffers), float(work)))
        self.remarks.append((self.origin, note))

    def build(self) -> native.Program:
        steps = [
            (kernel, fields, [None if b is None else (b.kind, b.index, b.offset) for b in buffers], work)
            for kernel, fields, buffers, work in self.steps
        ]
        return native.Program(
            self.dtype,
            steps,
            arena_bytes=self.layout.size,
            bound=self._bound,
            external_bytes=tuple(size for size, _ in self._externals),
            written=tuple(written for _, written in self._externals),
        )
