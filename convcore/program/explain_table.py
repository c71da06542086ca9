"""The table that ``model.explain()`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcore.checks import counted

__all__ = ["table"]

HEADER = ("", "step", "layers", "kernel", "fused with", "tasks", "MFLOP", "executed", "KB", "us", "of peak")
LEFT = 5  # columns of words, behind the number


def table(report: dict[str, Any]) -> str:
    """`report` is what `convcore.program.explain.explain` gives."""
    steps: list[dict[str, Any]] = report["steps"]
    rows = [HEADER, *(_cells(number, step) for number, step in enumerate(steps, 1)), _total(steps)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [
        f"{report['program'].capitalize()} program for batches of {report['batch_size']}: "
        f"{counted(report['threads'], 'thread')}, {report['isa']}, {report['math']} maths, "
        f"peak {report['peak_gflops']:.0f} GFLOP/s"
    ]
    lines += [_line(row, widths) for row in rows]
    lines.insert(2, "  ".join("-" * width for width in widths))
    lines.append("MFLOP: the layers computed directly and in full. executed, <=: if every pool window were alive.")
    lines.append("of peak: executed over the time. KB: read and written, each array once.")
    notes: dict[str, list[str]] = {}
    for number, step in enumerate(steps, 1):
        if step["note"]:
            notes.setdefault(step["note"], []).append(str(number))
    lines += [f"{', '.join(numbers)}: {note}" for note, numbers in notes.items()]
    return "\n".join(lines) + "\n"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        text.ljust(width) if 0 < column < LEFT else text.rjust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _cells(number: int, step: dict[str, Any]) -> tuple[str, ...]:
    words = (step["step"], " + ".join(step["layers"]), step["kernel"], ", ".join(step["fused"]), str(step["tasks"]))
    return (str(number), *words, *_figures(step), f"{step['share_of_peak']:.0%}" if step["executed_mflop"] else "")


def _total(steps: list[dict[str, Any]]) -> tuple[str, ...]:
    names = ("nominal_mflop", "executed_mflop", "bytes", "microseconds")
    sums = {name: sum(step[name] for step in steps) for name in names}
    bound = any(step["executed_is_upper_bound"] for step in steps)
    return ("", "total", "", "", "", "", *_figures(sums | {"executed_is_upper_bound": bound}), "")


def _figures(step: dict[str, Any]) -> tuple[str, ...]:
    nominal, executed = (f"{step[name]:,.1f}" if step[name] else "" for name in ("nominal_mflop", "executed_mflop"))
    bound = "<=" if step["executed_is_upper_bound"] else ""
    return nominal, bound + executed, f"{step['bytes'] / 1e3:,.0f}", f"{step['microseconds']:,.0f}"
