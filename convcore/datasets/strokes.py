"""The skeletons of the drawn digits: how a pen goes when it writes 0 to 9, in several styles each.

A style is a list of strokes, a stroke a list of points in a box of height 100 with x to the right and y down. A smooth
curve (Catmull-Rom) runs through the points of a stroke. Where a stroke begins at the point at which the last one
ended, the pen turns a corner.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["SAMPLES", "STYLES", "Skeletons", "skeletons"]

SAMPLES = 72  # points along a digit
FINE = 24  # points for each span when the length of a curve is measured

Stroke = list[tuple[float, float]]

# Points are x,y in hundredths; a bar ends a stroke.
STYLES: dict[int, tuple[str, ...]] = {
    0: (
        "42,2 16,20 6,55 20,93 45,99 66,75 70,40 58,10 38,1",
        "58,10 35,2 12,30 8,70 30,99 58,80 66,45 50,10 30,5",
        "50,15 30,15 10,50 20,85 50,90 80,65 80,35 55,14 35,16",
    ),
    1: (
        "35,0 35,50 35,100",
        "42,0 36,50 28,100",
        "16,24 30,14 42,0 | 42,0 41,50 40,100",
        "16,20 40,0 | 40,0 40,97 | 14,99 40,97 68,98",
    ),
    2: (
        "8,26 20,5 48,2 62,22 50,52 26,78 5,97 | 5,97 38,95 75,96",
        "10,20 34,1 60,16 52,48 28,86 8,95 6,80 24,76 50,93 78,90",
        "6,10 35,2 56,18 48,50 12,92 | 12,92 40,85 70,100",
    ),
    3: (
        "10,12 36,0 60,14 52,36 26,46 | 26,46 56,55 64,80 38,99 4,90",
        "8,4 34,3 62,3 | 62,3 34,40 | 34,40 60,50 64,80 36,99 6,90",
        "6,16 34,2 60,18 44,42 30,44 38,50 64,64 52,94 22,100 2,86",
    ),
    4: (
        "14,2 8,30 6,54 | 6,54 40,52 74,48 | 60,5 55,50 50,100",
        "50,0 26,34 2,64 | 2,64 40,63 76,62 | 50,0 50,50 50,100",
        "12,4 6,34 20,50 44,46 60,28 | 64,0 58,45 48,100",
        "40,2 16,28 4,50 30,52 64,42 | 58,20 50,60 46,100",
    ),
    5: (
        "64,2 20,3 | 20,3 13,44 | 13,44 38,36 62,56 56,88 30,100 2,90",
        "72,4 45,3 26,10 20,34 42,50 54,72 38,96 6,94",
        "20,6 14,40 | 14,40 42,40 60,64 40,96 4,92 | 22,6 72,0",
    ),
    6: (
        "56,2 24,28 8,66 20,96 50,95 62,70 44,52 20,62 10,80",
        "34,0 14,40 10,80 32,100 56,84 46,58 20,64 12,78",
        "44,2 14,36 6,72 24,98 54,88 54,64 32,58 22,76 30,90",
    ),
    7: (
        "4,6 36,5 68,4 | 68,4 44,46 30,100",
        "4,20 10,4 | 10,4 40,6 68,3 | 68,3 50,50 40,100",
        "4,8 66,5 | 66,5 46,46 30,100 | 20,52 64,48",
        "4,16 18,3 40,10 66,2 | 66,2 42,40 36,100",
    ),
    8: (
        "58,14 36,0 14,16 30,42 54,66 54,90 32,100 10,84 22,58 50,34 60,12 46,2",
        "36,46 12,24 34,0 58,20 36,46 | 36,46 8,74 34,100 62,76 36,46",
        "52,6 20,8 18,34 48,60 50,90 20,98 12,74 42,42 56,8",
    ),
    9: (
        "58,16 34,2 8,24 20,46 46,38 60,12 | 60,12 56,56 46,100",
        "60,18 36,2 8,22 22,48 50,40 62,16 60,60 42,94 10,95",
        "56,10 26,4 6,30 30,46 54,24 58,10 | 58,10 54,50 54,100",
    ),
}


class Skeletons(NamedTuple):
    """All styles as tables, one row a style; sample p of a style is ``sum(weights[p] * controls[indices[p]])``.

    Attributes:
        first: First row of each digit, and at the end the number of rows; int (11,).
        controls: Points, float32 (rows, most points of a style, 2), x and y from 0 to 1, not used ones zero.
        indices: The points of each sample, int (rows, SAMPLES, 4).
        weights: Their weights, float32 (rows, SAMPLES, 4).
        spacing: Distance between neighbouring samples, float32 (rows,).
    """

    first: npt.NDArray[np.intp]
    controls: npt.NDArray[np.float32]
    indices: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float32]
    spacing: npt.NDArray[np.float32]


@lru_cache(maxsize=1)
def skeletons() -> Skeletons:
    """The tables of all styles, made on first use."""
    rows = [_row(_parse(style)) for digit in range(10) for style in STYLES[digit]]
    most = max(len(points) for points, _, _, _ in rows)
    controls = np.zeros((len(rows), most, 2), np.float32)
    for row, (points, _, _, _) in enumerate(rows):
        controls[row, : len(points)] = points
    return Skeletons(
        first=np.cumsum([0] + [len(STYLES[digit]) for digit in range(10)]),
        controls=controls,
        indices=np.array([indices for _, indices, _, _ in rows], np.intp),
        weights=np.array([weights for _, _, weights, _ in rows], np.float32),
        spacing=np.array([spacing for _, _, _, spacing in rows], np.float32),
    )


def _parse(style: str) -> list[Stroke]:
    """The strokes of a style, their points in a box of height 1."""
    pairs = [[point.split(",") for point in stroke.split()] for stroke in style.split("|")]
    return [[(int(x) / 100, int(y) / 100) for x, y in stroke] for stroke in pairs]


def _row(strokes: list[Stroke]) -> tuple[Stroke, npt.NDArray[np.intp], npt.NDArray[np.float64], float]:
    """Points, indices, weights and spacing of one style, its samples evenly spaced along its strokes."""
    points = list(dict.fromkeys(point for stroke in strokes for point in stroke))
    coordinates = np.array(points)
    curves = []
    for stroke in strokes:
        ids = [points.index(point) for point in stroke]
        padded = np.array([ids[0], *ids, ids[-1]])
        spans = np.arange(len(ids) - 1)
        indices = np.repeat(padded[spans[:, None] + np.arange(4)], FINE, axis=0)
        weights = _catmull_rom(np.tile(np.arange(FINE) / FINE, len(spans)))
        line = (weights[:, :, None] * coordinates[indices]).sum(axis=1)
        steps = np.sqrt((np.diff(line, axis=0) ** 2).sum(axis=1))
        curves.append((padded, np.concatenate([[0.0], np.cumsum(steps)]), len(spans)))
    lengths = np.array([length[-1] for _, length, _ in curves])
    ends = [int(end) for end in np.rint(np.cumsum(lengths) / lengths.sum() * SAMPLES)]
    all_indices, all_weights = [], []
    starts = [0, *ends[:-1]]
    for (padded, length, count), start, end in zip(curves, starts, ends, strict=True):
        places = (np.arange(end - start) + 0.5) / (end - start) * length[-1]
        position = np.interp(places, length, np.arange(len(length)) / FINE)
        span = np.minimum(position.astype(int), count - 1)
        all_indices.append(padded[span[:, None] + np.arange(4)])
        all_weights.append(_catmull_rom(position - span))
    return points, np.concatenate(all_indices), np.concatenate(all_weights), float(lengths.sum() / SAMPLES)


def _catmull_rom(t: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weights (n, 4) of the points before, at, after and two after the place `t` of 0 to 1 in a span."""
    columns = [
        t * (t * (2 - t) - 1) / 2,
        (t * t * (3 * t - 5) + 2) / 2,
        t * (t * (4 - 3 * t) + 1) / 2,
        t * t * (t - 1) / 2,
    ]
    return np.stack(columns, axis=1)
