"""The same work in convcore and in other libraries, in turn, in one run: `make bench-peers`.

The seed net is trained and run on the same images, MNIST's where CONVCORE_DATA names them, from the same weights, with
the same number of threads; before anything is timed, every library's predictions are compared with convcore's. Printed
are medians over the rounds; ratios are taken within a round. Libraries are in bench/libraries/.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import chart, tables
from bench.libraries import LIBRARIES, Library
from bench.turns import Member, Run, take_turns

WORKS = ("train 128", "train 32", "infer 256", "infer 32", "infer 1")
DEFAULT_PEERS = [name for name in LIBRARIES if name not in {"convcore", "torch-compiled"}]
RESULTS = Path("build", "peers.json")


class SeedNet:
    """A library with the seed net, as a worker."""

    def __init__(self, name: str, threads: int, weights: list[Any]) -> None:
        from bench import seed_net

        module, _, kind = LIBRARIES[name].place.partition(":")
        made = getattr(importlib.import_module(f"bench.libraries.{module}"), kind)
        self.library: Library = made(threads, weights, *seed_net.data())

    def version(self) -> str:
        return self.library.version()

    def proof(self) -> Any:
        return self.library.predict(32)

    def work(self, name: str) -> Run | None:
        kind, batch = name.split()
        run = getattr(self.library, kind, None)
        return (lambda batches: run(int(batch), batches)) if run else None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure convcore and other libraries in turn.")
    parser.add_argument("--peers", nargs="*", default=DEFAULT_PEERS, choices=[*LIBRARIES][1:])
    parser.add_argument("--works", nargs="*", default=list(WORKS), help="such as 'train 128' 'infer 1'; default: all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one measurement (default: 1)")
    parser.add_argument("--json", type=Path, default=RESULTS, help=f"every measurement (default: {RESULTS})")
    parser.add_argument("--markdown", type=Path, help="write the table there, too")
    parser.add_argument("--svg", type=Path, help="draw a chart there, such as docs/peers.svg")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    from bench import seed_net
    from bench.machine import load, machine

    weights = seed_net.build().get_weights()
    members = [
        Member(name, "bench.peers:SeedNet", (name, options.threads, weights), LIBRARIES[name].tolerance)
        for name in ["convcore", *options.peers]
    ]
    before = load()
    schedule = {"threads": options.threads, "rounds": options.rounds, "seconds": options.seconds}
    results = take_turns(members, options.works, **schedule, say=lambda line: print(line, file=sys.stderr))
    record = {
        "machine": machine() | {"load_before": before},
        **schedule,
        "data": seed_net.data_name(),
        "titles": {name: LIBRARIES[name].title for name in results.versions},
        "versions": results.versions,
        "absent": results.absent,
        "microseconds_per_image": {
            work: {name: [1e6 * s / int(work.split()[1]) for s in rounds] for name, rounds in measured.items()}
            for work, measured in results.seconds.items()
        },
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(record, indent=1) + "\n")
    print(tables.text(record))
    if options.markdown:
        options.markdown.write_text(tables.markdown(record))
    if options.svg:
        options.svg.parent.mkdir(parents=True, exist_ok=True)
        options.svg.write_text(chart.svg(record))


if __name__ == "__main__":
    main()
