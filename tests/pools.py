"""Random pools with every argument, and what the oracle says of them; images in the layout that the problem names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convcore.shapes import Geometry, pool2d_geometry
from tests.reference import Array


@dataclass(frozen=True)
class Problem:
    """A pool over an NHWC image of `shape`, whose layout in the call is `data_format`."""

    shape: tuple[int, int, int, int]
    words: dict[str, Any]
    data_format: str
    dtype: str

    @property
    def geometry(self) -> Geometry:
        return pool2d_geometry(self.shape, **self.words)

    @property
    def oracle(self) -> dict[str, Any]:
        g = self.geometry
        found = {"pool": (g.kh, g.kw), "stride": (g.sh, g.sw), "pads": ((g.pt, g.pb), (g.pl, g.pr))}
        return found | {"output": (g.oh, g.ow)} | ({"dilation": (g.dh, g.dw)} if "dilation" in self.words else {})

    def out(self, image: Array) -> Array:
        """An NHWC image as the call has it."""
        first = self.data_format == "channels_first"
        return np.ascontiguousarray(image.transpose(0, 3, 1, 2)) if first else image

    def back(self, image: Array) -> Array:
        """What the call returns, as NHWC."""
        return image.transpose(0, 2, 3, 1) if self.data_format == "channels_first" else image


def random_problems(seed: int, count: int, *, dilated: bool) -> list[Problem]:
    """Small pools of random sizes, windows, strides, paddings and layouts; all are valid."""
    rng = np.random.default_rng(seed)

    def two(low: int, high: int) -> tuple[int, int]:
        return int(rng.integers(low, high + 1)), int(rng.integers(low, high + 1))

    problems = []
    while len(problems) < count:
        pool, channels = two(1, 4), int(rng.choice([1, 1, 2, 3, 7, 8, 9, 17, 33, 64, 70]))
        half = (pool[0] // 2, pool[1] // 2)
        uneven = tuple((int(rng.integers(0, h + 1)), int(rng.integers(0, h + 1))) for h in half)
        paddings: list[Any] = ["valid", "same", "SAME_LOWER", min(half), half, uneven]
        words: dict[str, Any] = {"pool_size": pool, "stride": two(1, 4), "padding": paddings[rng.integers(6)]}
        words["ceil_mode"] = bool(rng.integers(2))
        if dilated:
            words["dilation"] = two(1, 3)
        reach = [(k - 1) * d + 1 for k, d in zip(pool, words.get("dilation", (1, 1)), strict=True)]
        height, width = (max(a, b) for a, b in zip(two(1, 9), reach, strict=True))
        layout = ("channels_last", "channels_first")[rng.integers(2)]
        dtype = ("float32", "float64")[rng.integers(2)]
        problems.append(Problem((int(rng.integers(1, 3)), height, width, channels), words, layout, dtype))
    return problems
