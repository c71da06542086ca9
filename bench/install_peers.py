"""Install what bench/peers.txt names into the environment of the Python that runs this, one by one.

A library that has no package for this machine, or no network to come over, is named and left out: the measurements then
name it as absent.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def main() -> None:
    for line in Path(__file__).with_name("peers.txt").read_text().splitlines():
        requirement = line.partition("#")[0].strip()
        if not requirement:
            continue
        print(f"installing {requirement}", flush=True)
        done = subprocess.run([*PIP, requirement], capture_output=True, text=True)
        if done.returncode:
            reason = [said for said in done.stderr.splitlines() if said.startswith("ERROR")] or ["pip failed"]
            print(f"absent: {requirement} ({reason[-1].removeprefix('ERROR: ')})", flush=True)


if __name__ == "__main__":
    main()
