"""The progress of fit, evaluate and predict on the standard output.

On a terminal, a line that is drawn again and again, with the time that remains; anywhere else, as in a log, one plain
line when an epoch has ended. The texts are Keras's, and with verbose=2 its lines too.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

__all__ = ["Progress", "duration", "figures", "is_terminal", "plain_line", "remaining"]

WIDTH = 20
#: Seconds between two drawings of the live line; drawing takes about a millisecond.
INTERVAL = 0.1


def duration(seconds: float) -> str:
    """The time of one step, in the unit that suits it.

    >>> duration(0.0061), duration(2.4), duration(2e-5)
    ('6ms/step', '2s/step', '20us/step')
    """
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/step"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f}ms/step"
    return f"{seconds * 1e6:.0f}us/step"


def remaining(seconds: float) -> str:
    """The time that remains.

    >>> remaining(7), remaining(83), remaining(3723)
    ('7s', '1:23', '1:02:03')
    """
    whole = int(seconds)
    if whole > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    if whole > 60:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole}s"


def figures(logs: Mapping[str, Any]) -> str:
    """The figures of a run, four digits each; of a figure with several values their mean.

    >>> figures({"accuracy": 0.95731, "loss": 0.0004})
    ' - accuracy: 0.9573 - loss: 4.0000e-04'
    """
    means = {name: value.mean() if hasattr(value, "mean") else value for name, value in logs.items()}
    return "".join(
        f" - {name}: {value:.4f}" if abs(value) > 1e-3 else f" - {name}: {value:.4e}" for name, value in means.items()
    )


def plain_line(current: int, target: int, elapsed: float, step: float, logs: Mapping[str, Any]) -> str:
    """The line of an epoch without a bar.

    >>> plain_line(1875, 1875, 12.1, 0.0064, {"accuracy": 0.9573, "loss": 0.1404})
    '1875/1875 - 12s - 6ms/step - accuracy: 0.9573 - loss: 0.1404'
    """
    count = f"{current:{len(str(target))}d}/{target}"
    return f"{count} - {elapsed:.0f}s - {duration(step)}{figures(logs)}"


class Progress:
    """Shows a run. `verbose`: 0 nothing; 1 a title and the live line on a terminal, elsewhere one line with both; 2 a
    title and a plain line; 3 the title.

    Call `begin` before the steps, `update` after each, `end` after all; `close` in any case.
    """

    def __init__(self, verbose: int) -> None:
        self.verbose = verbose
        self._live: Live | None = None
        self._is_live = verbose == 1 and is_terminal()
        self._dash = _dash()
        self._title = ""
        self._target = 0
        self._current = self._skipped = 0
        self._start = self._first = self._last = self._next = 0.0

    def begin(self, target: int | None, title: str = "") -> None:
        """A run of `target` steps (None: of a number that its end will tell) begins; `title` stands above it, or in a
        log before it."""
        is_header = self._is_live or self.verbose >= 2
        self._title = "" if is_header or not title else f"{title} - "
        self._target = target or 0
        self._current = self._skipped = 0
        self._start = self._first = self._last = time.perf_counter()
        self._next = self._start + INTERVAL if self._is_live else float("inf")
        if is_header and title:
            print(title, flush=True)

    @property
    def pause(self) -> float:
        """Seconds from one drawing of the line to the next."""
        return INTERVAL if self._is_live else float("inf")

    def update(self, current: int, logs: Callable[[], Mapping[str, Any]]) -> None:
        """`current` steps are done; `logs` is asked for the figures only if the line is drawn."""
        now = self._last = time.perf_counter()
        self._current = current
        if not self._skipped:
            self._skipped, self._first = current, now
        if now >= self._next:
            self._next = now + INTERVAL
            self._draw(logs())

    def end(self, logs: Mapping[str, Any]) -> None:
        """The steps, and what followed them, are done: leave the final line."""
        self.close()
        self._target = self._target or self._current
        if self.verbose in (0, 3):
            return
        elapsed = time.perf_counter() - self._start
        if self._is_live:
            from rich.console import Console

            Console(file=sys.stdout, highlight=False).print(self._text(f"{elapsed:.0f}s", logs, 1.0), soft_wrap=True)
        else:
            line = plain_line(self._current, self._target, elapsed, self._step(), logs)
            print(f"{self._title}{line}", flush=True)

    def close(self) -> None:
        """Give the terminal back."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _step(self) -> float:
        """Seconds a step; those of the first update, which build what all others use, do not count."""
        if self._current > self._skipped:
            return (self._last - self._first) / (self._current - self._skipped)
        return (self._last - self._start) / self._current if self._current else 0.0

    def _draw(self, logs: Mapping[str, Any]) -> None:
        if self._live is None:
            from rich.console import Console
            from rich.live import Live

            console = Console(file=sys.stdout, highlight=False)
            self._live = Live(console=console, auto_refresh=False, transient=True, vertical_overflow="crop")
            self._live.start()
        left = remaining(self._step() * max(0, self._target - self._current))
        share = self._current / self._target if self._target else 0.0
        self._live.update(self._text(left, logs, share), refresh=True)

    def _text(self, clock: str, logs: Mapping[str, Any], share: float) -> Text:
        from rich.text import Text

        done = int(WIDTH * share)
        return Text.assemble(
            (f"{self._current:{len(str(self._target))}d}/{self._target or 'Unknown'}", "bold"),
            " ",
            (self._dash * done, "green"),
            (self._dash * (WIDTH - done), "bright_black"),
            " ",
            (clock, "bold"),
            f" {duration(self._step())}{figures(logs)}",
            no_wrap=True,
            overflow="ellipsis",
        )


def is_terminal() -> bool:
    """Whether the standard output is a terminal that can draw a line again."""
    stream = sys.stdout
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def _dash() -> str:
    """The bar's character, as far as the output can show it."""
    try:
        "━".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return "="
    return "━"
