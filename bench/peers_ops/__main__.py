"""Single ops in convcore and in PyTorch, in turn, in one run: `make bench-peers-ops`.

The problems are layers of known networks and the corners of each op, each direction by itself, in float32 and beyond.
Before anything is timed, results are compared. A ratio is PyTorch's best time, in the better of its two memory formats,
by convcore's best; the table has the worst first. `--cpu` counts the CPU time of one thread, which says more than the
clock on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.peers_ops import report
from bench.peers_ops.convolutions import DEPTHWISE
from bench.peers_ops.members import MEMBERS, NAMES, ConvcoreOps, selected
from bench.turns import Member, measure, repetitions, take_turns

RESULTS = Path("build", "peers_ops.json")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure single ops in convcore and PyTorch in turn.")
    parser.add_argument("--only", default="", metavar="REGEX", help="calls whose name has it; default: all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpu", action="store_true", help="count CPU time, of one thread")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.05, help="of one measurement (default: 0.05)")
    parser.add_argument("--json", type=Path, default=RESULTS, help=f"every measurement (default: {RESULTS})")
    return parser.parse_args()


def depthwise_and_dense(names: list[str], seconds: float, clock: str) -> report.Rounds:
    """Our times of the depthwise convolutions among `names` and of their dense twins, in turn."""
    ours, found = ConvcoreOps(1, "^$"), report.Rounds()
    for conv in DEPTHWISE:
        for direction in conv.directions:
            if f"{conv}: {direction}" not in names:
                continue
            for twin in (conv, report.dense_twin(conv)):
                call = ours.made(twin, direction)

                def run(count: int, call: object = call) -> int:
                    for _ in range(count):
                        call()  # type: ignore[operator]
                    return count

                count = repetitions(run, seconds)
                times = [measure(run, count, seconds, clock) or 0.0 for _ in range(3)]
                found[f"{twin}: {direction}"] = {report.OURS: times}
    return found


def show(lines: list[list[str]]) -> None:
    head, *body = lines
    for line in [head, ["---"] * len(head), *body]:
        print("| " + " | ".join(line) + " |")


def main() -> None:
    options = arguments()
    from bench.machine import load, machine

    before, threads = load(), 1 if options.cpu else options.threads
    clock = "process_time" if options.cpu else "perf_counter"
    works = selected(options.only)
    if not works:
        raise SystemExit(f"--only {options.only!r}: no call has a name like that.")
    members = [
        Member(name, f"bench.peers_ops.members:{kind}", (threads, options.only, *rest), 1e-4)
        for name, (kind, rest) in MEMBERS.items()
    ]
    schedule = {"threads": threads, "rounds": options.rounds, "seconds": options.seconds}
    say = lambda line: print(line, file=sys.stderr)  # noqa: E731
    results = take_turns(members, works, **schedule, say=say, clock=clock)
    found, depthwise = report.outcomes(results.seconds), depthwise_and_dense(works, options.seconds, clock)
    record = {
        "machine": machine() | {"load_before": before},
        **schedule,
        "clock": clock,
        "versions": results.versions,
        "absent": results.absent,
        "outcomes": found,
        "seconds": results.seconds,
        "depthwise": depthwise,
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(record, indent=1) + "\n")
    versions = ", ".join(dict.fromkeys(results.versions.values()))
    print(f"{machine()['cpu']}, load before {before}, {versions}, {threads} threads, {clock}: microseconds\n")
    flops = {name: problem.flops(direction) for name, (problem, direction) in NAMES.items()}
    show(report.rows(found, list(results.versions), flops))
    below = [outcome["name"] for outcome in found if outcome["ratio"] < report.GOAL]
    print(f"\n{len(found)} calls, {len(below)} below {report.GOAL}")
    if depthwise:
        print(f"\nTo be at most {report.QUARTER} of the dense convolution of equal shape:\n")
        show(report.depthwise_rows(depthwise))


if __name__ == "__main__":
    main()
