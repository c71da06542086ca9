"""What got slower: `python bench/check.py BASE.json NEW.json`, two files of `make bench ARGS='--benchmark-json FILE'`.

Times are compared as multiples of the calibration loop, multiply-adds in registers, measured in the same run right
before each benchmark: so a machine that is slower today, or another one, does not make every benchmark look slower.
Exits with 1 if a benchmark takes more than `--threshold` times what it took in BASE.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

THRESHOLD = 1.15


def main(argv: Sequence[str] | None = None) -> int:
    """Compare two files; the exit code: 0 nothing is slower, 1 something is, 2 the files cannot be compared."""
    parser = argparse.ArgumentParser(prog="bench/check.py", description="Name the benchmarks that got slower.")
    parser.add_argument("base", type=Path, metavar="BASE", help="what it was: a JSON file of pytest-benchmark")
    parser.add_argument("new", type=Path, metavar="NEW", help="what it is")
    parser.add_argument(
        "--threshold", type=_ratio, default=THRESHOLD, metavar="RATIO", help=f"slower than this; default {THRESHOLD}"
    )
    arguments = parser.parse_args(argv)
    try:
        base, new = (read(path) for path in (arguments.base, arguments.new))
    except (OSError, ValueError) as error:
        print(f"bench/check.py: {error}", file=sys.stderr)
        return 2
    common = [name for name in new if name in base]
    if not common:
        print(f"bench/check.py: {arguments.base} and {arguments.new} have no benchmark in common", file=sys.stderr)
        return 2
    ratios = {name: new[name] / base[name] for name in common}
    slower = [name for name, ratio in ratios.items() if ratio > arguments.threshold]
    for name in sorted(ratios, key=ratios.__getitem__):
        print(f"{ratios[name]:7.2f}  {name}{'  SLOWER' if name in slower else ''}")
    for path, names in ((arguments.base, set(base) - set(new)), (arguments.new, set(new) - set(base))):
        for name in sorted(names):
            print(f"{'':7}  {name}  only in {path}")
    print(
        f"{len(slower)} of {len(common)} take more than {arguments.threshold:g} times what they took, by calibration."
    )
    return 1 if slower else 0


def read(path: Path) -> dict[str, float]:
    """The median of each benchmark in the file, in operations that the calibration loop does in that time.

    The ISA is part of a benchmark's name: kernels of another one are other kernels.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {_name(row): float(row["stats"]["median"]) * _calibration(row) for row in content["benchmarks"]}
    except (KeyError, TypeError, ValueError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"{path} is no file of pytest-benchmark with calibrations: {reason}") from error


def _name(row: dict[str, Any]) -> str:
    return f"{row['fullname']} ({row['extra_info']['isa']})"


def _calibration(row: dict[str, Any]) -> float:
    rate = float(row["extra_info"]["calibration_gflops"])
    if not rate > 0:
        raise ValueError(f"a calibration of {rate}")
    return 1e9 * rate


def _ratio(text: str) -> float:
    value = float(text)
    if not 1 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}: give a ratio of at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
