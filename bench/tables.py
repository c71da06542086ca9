"""The results of peers.py as tables, in text and in Markdown: `python bench/tables.py build/peers.json`."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

Record = dict[str, Any]
OURS = "convcore"


def title_of(work: str) -> str:
    kind, batch = work.split()
    kind = "training" if kind == "train" else "inference"
    return f"{kind}, {'one image' if batch == '1' else f'batch {batch}'}"


def ratios(measured: dict[str, list[float]], name: str) -> list[float]:
    """How many times as long as convcore's the others' time is, round by round, sorted."""
    return sorted(theirs / ours for theirs, ours in zip(measured[name], measured[OURS], strict=True))


def cell(measured: dict[str, list[float]], name: str) -> str:
    """The median time, and the median ratio with its range over the rounds."""
    if not measured.get(name):
        return "-"
    median = f"{statistics.median(measured[name]):.1f}"
    if name == OURS:
        low, high = min(measured[name]), max(measured[name])
        return f"{median} ({low:.1f}-{high:.1f})"
    found = ratios(measured, name)
    return f"{median}, {statistics.median(found):.1f}x ({found[0]:.1f}-{found[-1]:.1f})"


def rows(record: Record) -> list[list[str]]:
    """A heading and a line for each library."""
    works: dict[str, dict[str, list[float]]] = record["microseconds_per_image"]
    lines = [["us per image", *map(title_of, works)]]
    lines += [[title, *(cell(works[work], name) for work in works)] for name, title in record["titles"].items()]
    return lines


def notes(record: Record) -> list[str]:
    """Where the numbers come from."""
    machine = record["machine"]
    measured = f"{record['data']}, float32, {record['threads']} threads, medians of {record['rounds']} rounds in turn"
    named = [*record["versions"].values(), f"NumPy {machine['numpy']}", f"Python {machine['python']}"]
    versions = dict.fromkeys(named)  # each once
    found = [
        f"{machine['cpu']}, {machine['system']}, load before the run {machine['load_before']}; {measured}.",
        f"2.0x: takes twice as long as {OURS}; in brackets the range over the rounds.",
        ", ".join(versions) + ".",
    ]
    found += [f"Absent: {name} ({reason})" for name, reason in record["absent"].items()]
    return found


def text(record: Record) -> str:
    lines = rows(record)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([*notes(record), "", *table])


def markdown(record: Record) -> str:
    head, *body = rows(record)
    table = [head, ["---"] * len(head), *body]
    return "\n".join(["| " + " | ".join(line) + " |" for line in table] + ["", *notes(record), ""])


if __name__ == "__main__":
    print(markdown(json.loads(Path(sys.argv[1]).read_text())), end="")
