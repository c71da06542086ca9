"""The chart of the README from the results of peers.py: `python bench/chart.py build/peers.json docs/peers.svg`.

Bars are microseconds per image, shortest first; one of more than LONGEST times ours is cut off, and its number says so.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.tables import OURS, Record, ratios, title_of

LONGEST = 14
COLUMN, LABELS, BAR, LINE, GAP = 440, 148, 180, 19, 30
COLORS = {OURS: "#0b6bcb", "": "#9aa5b1", "text": "#24292f", "quiet": "#57606a"}
STYLE = (
    f"text{{font:12px system-ui,sans-serif;fill:{COLORS['text']}}}"
    f".t{{font-weight:600;font-size:13px}}.q{{fill:{COLORS['quiet']}}}"
)


def panel(work: str, measured: dict[str, list[float]], titles: dict[str, str], left: int, top: int) -> list[str]:
    """One work's bars, with their numbers."""
    medians = {name: statistics.median(rounds) for name, rounds in measured.items() if rounds}
    scale = BAR / min(max(medians.values()), LONGEST * medians[OURS])
    drawn = [f'<text class="t" x="{left}" y="{top + 12}">{escape(title_of(work).capitalize())}</text>']
    for place, name in enumerate(sorted(medians, key=medians.__getitem__)):
        y, full = top + 20 + place * LINE, medians[name] * scale
        width, cut = min(full, BAR), full > BAR + 0.5
        color = COLORS.get(name, COLORS[""])
        number = f"{medians[name]:.{0 if medians[name] >= 100 else 1}f} µs"
        if name != OURS:
            number += f" · {statistics.median(ratios(measured, name)):.2g}×"
        drawn.append(f'<text x="{left + LABELS - 6}" y="{y + 12}" text-anchor="end">{escape(titles[name])}</text>')
        drawn.append(f'<rect x="{left + LABELS}" y="{y + 2}" width="{width:.1f}" height="{LINE - 6}" fill="{color}"/>')
        if cut:
            edge = left + LABELS + BAR - 16
            drawn.append(f'<path d="M{edge} {y + LINE - 2}l6 {-LINE + 2}h5l-6 {LINE - 2}z" fill="#fff"/>')
        drawn.append(f'<text class="q" x="{left + LABELS + width + 5:.1f}" y="{y + 12}">{number}</text>')
    return drawn


def svg(record: Record) -> str:
    """Training on the left, inference on the right."""
    works: dict[str, dict[str, list[float]]] = record["microseconds_per_image"]
    sides = [[work for work in works if work.startswith(kind)] for kind in ("train", "infer")]
    drawn, bottoms = [], [0]
    for side, column in enumerate(filter(None, sides)):
        top = 36
        for work in column:
            drawn += panel(work, works[work], record["titles"], 16 + side * COLUMN, top)
            top += 20 + LINE * len(works[work]) + GAP
        bottoms.append(top)
    width, height = 16 + COLUMN * len([side for side in sides if side]), max(bottoms) + 12
    machine = record["machine"]
    head = f"Microseconds per image (shorter is faster), and how many times as long as {OURS}"
    how = f"{record['threads']} threads, float32, {record['data']}, medians of {record['rounds']} rounds"
    foot = f"{machine['cpu']}, {how}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'role="img" aria-label="{escape(head)}">',
            f"<style>{STYLE}</style>",
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            f'<text class="q" x="16" y="22">{escape(head)}</text>',
            *drawn,
            f'<text class="q" x="16" y="{height - 12}">{escape(foot)}</text>',
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    Path(sys.argv[2]).parent.mkdir(parents=True, exist_ok=True)
    Path(sys.argv[2]).write_text(svg(json.loads(Path(sys.argv[1]).read_text())))
