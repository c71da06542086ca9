"""A list of kernel steps under construction, and the memory they name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
        # Beside each step, how its tasks go through the images, if they do.
        self.images: list[tuple[int, int] | None] = []
        # Beside each step, for explain: what it stands for, and why it takes a slower path than it might.
        self.remarks: list[tuple[Origin, str | None]] = []
        self.origin = Origin("")
        self._bound: list[Any] = []
        self._externals: list[tuple[int, bool]] = []
        # How many shares the last step runs in, if it runs share by share; what waits until that group is complete.
        self._shares = 0
        self._waiting: list[tuple[Origin, Callable[[], None]]] = []

    def continued(self) -> Steps:
        """An empty list that runs after this one, over the same arena, bound buffers and externals."""
        self._complete()
        following = Steps(self.dtype)
        following.layout = self.layout
        following.origin = self.origin
        following._bound = self._bound
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
        """Let later steps have the arena's bytes of `buffer`; other buffers are not ours to release.

        In a group they stay until it is complete: one share may be at the last step while another is at the first.
        """
        if buffer.kind == "arena":
            self.after_group(lambda: self.layout.release(buffer.offset))

    def after_group(self, action: Callable[[], None]) -> None:
        """Do `action`, which adds what needs the results of all shares, when the group of the last step is complete."""
        if self._shares:
            self._waiting.append((self.origin, action))
        else:
            action()

    def _complete(self) -> None:
        """Steps that follow are not of the last step's group."""
        self._shares = 0
        waiting, self._waiting, origin = self._waiting, [], self.origin
        for self.origin, action in waiting:
            action()
        self.origin = origin

    def add(
        self,
        kernel: str,
        fields: Mapping[str, int | float],
        *buffers: Buffer | None,
        work: float,
        images: tuple[int, int] | None = None,
        note: str | None = None,
    ) -> None:
        """Append a step; `work` is about how many multiply-adds it costs, `note` why it takes a slower path.

        `images` = (units, in share) says that its tasks go through the images in order, as many for each unit, and that
        what they read of earlier steps with as many shares is of the same images. Such steps side by side are a group.
        """
        shares = 0 if images is None or images[0] <= images[1] else -(-images[0] // images[1])
        if shares != self._shares:
            self._complete()
            self._shares = shares
        self.steps.append((kernel, dict(fields), list(buffers), float(work)))
        self.images.append(images)
        self.remarks.append((self.origin, note))

    def build(self) -> native.Program:
        self._complete()
        steps = [
            (kernel, fields, [None if b is None else (b.kind, b.index, b.offset) for b in buffers], work, images)
            for (kernel, fields, buffers, work), images in zip(self.steps, self.images, strict=True)
        ]
        return native.Program(
            self.dtype,
            steps,
            arena_bytes=self.layout.size,
            bound=self._bound,
            external_bytes=tuple(size for size, _ in self._externals),
            written=tuple(written for _, written in self._externals),
        )
