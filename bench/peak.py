"""The measured peak of this machine: `python bench/peak.py`. It is what the other suites give their shares of."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.machine import cores, heading, peak


def main() -> None:
    print(heading("numpy"))
    for threads in range(1, cores() + 1):
        print(f"{threads:3} threads: {peak(threads):7.1f} GFLOP/s float32, fused multiply-adds in registers")


if __name__ == "__main__":
    main()
