"""Tables of what was measured: every call against the better of its rivals, worst first; depthwise against dense."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.peers_ops.convolutions import DEPTHWISE, Conv

__all__ = ["GOAL", "QUARTER", "depthwise_rows", "outcomes", "rows"]

OURS = "convcore"
# Every call is to run at least half as fast as PyTorch's; a depthwise convolution in a quarter of the dense one's time.
GOAL, QUARTER = 0.5, 0.25

Rounds = dict[str, dict[str, list[float]]]


def outcomes(seconds: Rounds) -> list[dict[str, Any]]:
    """Of each call: its name, the best time of each member, the ratio of theirs to ours; worst first.

    The ratio is that of the best times, its spread that of the rounds, each against the better rival of its round.
    """
    found = []
    for name, measured in seconds.items():
        ours = measured.get(OURS)
        rivals = [times for member, times in measured.items() if member != OURS and times]
        if not ours or not rivals:
            continue
        by_round = [min(theirs) / mine for mine, *theirs in zip(ours, *rivals, strict=False)]
        ratio = min(map(min, rivals)) / min(ours)
        best = {member: min(times) for member, times in measured.items() if times}
        found.append({"name": name, "best": best, "ratio": ratio, "spread": [min(by_round), max(by_round)]})
    return sorted(found, key=lambda outcome: outcome["ratio"])


def rows(results: list[dict[str, Any]], members: list[str], flops: dict[str, int]) -> list[list[str]]:
    """A heading and a line for each call: microseconds of each member, our nominal GFLOP/s, the ratio."""
    lines = [["N x C x size to O, kernel: direction", *members, "GFLOP/s", "ratio", "spread"]]
    for outcome in results:
        best = outcome["best"]
        cells = [f"{1e6 * best[member]:.0f}" if member in best else "-" for member in members]
        rate = f"{flops[outcome['name']] / best[OURS] / 1e9:.0f}" if flops.get(outcome["name"]) else "-"
        low, high = outcome["spread"]
        lines.append([outcome["name"], *cells, rate, f"{outcome['ratio']:.2f}", f"{low:.2f}-{high:.2f}"])
    return lines


def dense_twin(conv: Conv) -> Conv:
    """The dense convolution of the same shape."""
    return replace(conv, groups=1)


def depthwise_rows(seconds: Rounds) -> list[list[str]]:
    """A heading, and for each depthwise convolution what part of the time of its dense twin it takes."""
    lines = [["depthwise: direction", "us", "dense, us", "part"]]
    for conv in DEPTHWISE:
        for direction in conv.directions:
            pair = [seconds.get(f"{twin}: {direction}", {}).get(OURS) for twin in (conv, dense_twin(conv))]
            if pair[0] and pair[1]:
                sparse, dense = min(pair[0]), min(pair[1])
                cells = [f"{1e6 * sparse:.0f}", f"{1e6 * dense:.0f}", f"{sparse / dense:.3f}"]
                lines.append([f"{conv}: {direction}", *cells])
    return lines
