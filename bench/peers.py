"""The same work in convcore and in other libraries, in turn, in one run: `make bench-peers`.

The seed net is trained and run on the same drawn digits, from the same weights, with the same number of threads;
before anything is timed, every library's predictions are compared with convcore's. Each library lives in a process
of its own, which sleeps while another is measured. Medians over the rounds are printed, with their ratio to convcore.
A library more is a class more in bench/libraries.py.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

WORKS = ("train 128", "train 32", "infer 256", "infer 32", "infer 1")


def serve(name: str, threads: int, weights: list[Any] | None, pipe: Connection) -> None:
    """A library's process: send who it is and what it predicts, then a rate for each work asked for."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "CONVCORE_NUM_THREADS"):
        os.environ[variable] = str(threads)
    from bench import seed_net
    from bench.libraries import LIBRARIES

    x, y = seed_net.data()
    weights = weights or seed_net.build().get_weights()
    library = LIBRARIES[name](threads, weights, x, y)
    pipe.send((library.version(), weights, library.predict(32)))
    for work, seconds in iter(pipe.recv, None):
        kind, batch = work.split()
        run = getattr(library, kind, None)
        pipe.send(rate(run, int(batch), seconds) if run else None)


def rate(run: Callable[[int], int], batch: int, seconds: float) -> float:
    """Images per second of `run`, which returns how many it did, over at least `seconds` after a warm-up."""
    run(batch)
    images, start = 0, perf_counter()
    while perf_counter() - start < seconds:
        images += run(batch)
    return images / (perf_counter() - start)


def arguments() -> argparse.Namespace:
    from bench.libraries import LIBRARIES

    parser = argparse.ArgumentParser(description="Measure convcore and other libraries in turn.")
    parser.add_argument("--peers", nargs="*", default=["torch"], choices=[*LIBRARIES][1:], help="default: torch")
    parser.add_argument("--works", nargs="*", default=list(WORKS), help="such as 'train 128' 'infer 1'; default: all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one measurement (default: 1)")
    parser.add_argument("--json", type=Path, help="write every single measurement there")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    context = multiprocessing.get_context("spawn")
    names, pipes, versions = ["convcore", *options.peers], {}, {}
    weights, expected = None, None
    for name in names:
        pipes[name], end = context.Pipe()
        context.Process(target=serve, args=(name, options.threads, weights, end), daemon=True).start()
        end.close()
        versions[name], weights, predictions = pipes[name].recv()
        expected = predictions if expected is None else expected
        difference = float(abs(predictions - expected).max())
        if not difference < 1e-4:
            raise SystemExit(f"{name} predicts otherwise than convcore, by {difference:.1e}: it is not the same net.")

    rates: dict[str, dict[str, list[float]]] = {work: {name: [] for name in names} for work in options.works}
    for _ in range(options.rounds):
        for work in options.works:
            for name in names:
                pipes[name].send((work, options.seconds))
                if (measured := pipes[name].recv()) is not None:
                    rates[work][name].append(measured)
    for pipe in pipes.values():
        pipe.send(None)

    from bench.machine import heading

    head = f"{heading('numpy')}; {', '.join(versions[name] for name in options.peers)}; {options.threads} threads"
    print(f"{head}; medians of {options.rounds} rounds of {options.seconds:g} s\n")
    columns = ["images per second", "convcore", *(part for name in options.peers for part in (name, "ratio"))]
    print("| " + " | ".join(columns) + " |")
    print("|---" * len(columns) + "|")
    for work, measured in rates.items():
        print(row(work, measured))
    if options.json:
        options.json.write_text(json.dumps({"machine": head, "images_per_second": rates}, indent=1))


def row(work: str, measured: dict[str, list[float]]) -> str:
    """A line of the table: the median of each library, and how many times as fast as it convcore is."""
    kind, batch = work.split()
    ours = statistics.median(measured["convcore"])
    cells = [f"{'training' if kind == 'train' else 'inference'}, batch {batch}", f"{ours:,.0f}"]
    for name, rounds in measured.items():
        if name != "convcore":
            median = statistics.median(rounds) if rounds else None
            cells += [f"{median:,.0f}", f"{ours / median:.2f}"] if median else ["", ""]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
