"""Single convolutions in convcore and in PyTorch, in turn, in one run: `make bench-peers-ops`.

The problems are layers of known networks, the full dense result in both directions; backward is the gradients of data,
weights and bias together. GFLOP/s are nominal, two operations for each product, whatever the algorithm executes. A
problem that convcore does not take is shown without a number.
"""

from __future__ import annotations

import argparse
import inspect
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.turns import Member, Run, take_turns

RESULTS = Path("build", "peers_ops.json")
PROOF = 64  # outputs of each problem that are compared


class Problem(NamedTuple):
    """n images of c channels, h by w; o output channels, k by k."""

    n: int
    c: int
    h: int
    w: int
    o: int
    k: int
    stride: int = 1
    pad: int = 0
    groups: int = 1

    def __str__(self) -> str:
        groups = f", {self.groups} groups" if self.groups > 1 else ""
        stride = f", stride {self.stride}" if self.stride > 1 else ""
        return f"{self.n}x{self.c}x{self.h}x{self.w} to {self.o}, {self.k}x{self.k}{stride}, pad {self.pad}{groups}"

    @property
    def output(self) -> tuple[int, int]:
        oh, ow = ((size + 2 * self.pad - self.k) // self.stride + 1 for size in (self.h, self.w))
        return oh, ow

    @property
    def flops(self) -> int:
        oh, ow = self.output
        return 2 * self.n * oh * ow * self.o * self.k * self.k * self.c // self.groups

    def arrays(self) -> list[Any]:
        """x, w, bias and dy, NHWC and HWIO, the same in every process."""
        rng = np.random.default_rng(0)
        shapes = [(self.n, self.h, self.w, self.c), (self.k, self.k, self.c // self.groups, self.o), (self.o,)]
        return [rng.standard_normal(s, np.float32) for s in (*shapes, (self.n, *self.output, self.o))]


PROBLEMS = (
    Problem(8, 64, 56, 56, 64, 3, 1, 1),
    Problem(8, 128, 28, 28, 128, 3, 1, 1),
    Problem(8, 256, 14, 14, 256, 3, 1, 1),
    Problem(16, 512, 7, 7, 512, 3, 1, 1),
    Problem(4, 64, 112, 112, 64, 3, 1, 1),
    Problem(8, 64, 56, 56, 64, 1),
    Problem(8, 256, 56, 56, 64, 1),
    Problem(8, 64, 56, 56, 128, 1, 2),
    Problem(8, 128, 56, 56, 128, 3, 2, 1),
    Problem(8, 3, 224, 224, 64, 7, 2, 3),
    Problem(8, 256, 28, 28, 256, 3, 1, 1, 256),
    Problem(32, 1, 28, 28, 32, 5),
)
Calls = tuple[Callable[[], Any], Callable[[], list[Any]]]


class Ops:
    """Forward and backward of a problem, in NHWC and HWIO for the comparison."""

    def calls(self, problem: Problem) -> Calls | None:
        raise NotImplementedError

    def proof(self) -> Any:
        """Some outputs and gradients of each problem, relative to the largest; NaN for what is not implemented."""
        found = []
        for problem in PROBLEMS:
            calls = self.calls(problem)
            results = [calls[0](), *calls[1]()] if calls else [np.full(PROOF, np.nan)] * 4
            for result in results:
                flat = np.asarray(result).ravel()
                found.append(flat[np.linspace(0, flat.size - 1, PROOF).astype(int)] / max(1, np.abs(flat).max()))
        return np.concatenate(found)

    def work(self, name: str) -> Run | None:
        number, direction = name.split()
        calls = self.calls(PROBLEMS[int(number)])
        if calls is None:
            return None
        call: Callable[[], Any] = calls[direction == "backward"]

        def run(count: int) -> int:
            for _ in range(count):
                call()
            return count

        return run


class ConvcoreOps(Ops):
    def __init__(self, threads: int) -> None:
        from convcore import ops, runtime

        runtime.set_num_threads(threads)
        self.ops, self.isa = ops, runtime.active_isa()

    def version(self) -> str:
        import convcore

        return f"convcore {convcore.__version__} ({self.isa})"

    def calls(self, problem: Problem) -> Calls | None:
        x, w, bias, dy = problem.arrays()
        named: dict[str, Any] = {"stride": problem.stride, "padding": problem.pad}
        if problem.groups > 1:
            if "groups" not in inspect.signature(self.ops.conv2d).parameters:
                return None
            named["groups"] = problem.groups

        def backward() -> list[Any]:
            dx = self.ops.conv2d_backward_data(dy, w, x.shape, **named)
            return [dx, *self.ops.conv2d_backward_weights(x, dy, w.shape, **named)]

        return lambda: self.ops.conv2d(x, w, bias, **named), backward


class TorchOps(Ops):
    def __init__(self, threads: int, layout: str) -> None:
        import torch

        torch.set_num_threads(threads)
        self.torch, self.layout = torch, getattr(torch, layout)

    def version(self) -> str:
        return f"PyTorch {self.torch.__version__}"

    def calls(self, problem: Problem) -> Calls | None:
        x, w, bias, dy = map(self.torch.from_numpy, problem.arrays())
        x, dy = (a.permute(0, 3, 1, 2).contiguous(memory_format=self.layout) for a in (x, dy))
        w = w.permute(3, 2, 0, 1).contiguous(memory_format=self.layout)
        geometry = [problem.stride] * 2, [problem.pad] * 2, [1, 1]
        grads = self.torch.ops.aten.convolution_backward

        def forward() -> Any:
            with self.torch.inference_mode():
                return self.torch.nn.functional.conv2d(x, w, bias, *geometry, problem.groups).permute(0, 2, 3, 1)

        def backward() -> list[Any]:
            end = False, [0, 0], problem.groups, [True, True, True]
            dx, dw, db = grads(dy, x, w, [problem.o], *geometry, *end)
            return [dx.permute(0, 2, 3, 1), dw.permute(2, 3, 1, 0), db]

        return forward, backward


MEMBERS = {
    "convcore": ("ConvcoreOps", ()),
    "PyTorch": ("TorchOps", ("contiguous_format",)),
    "PyTorch, channels_last": ("TorchOps", ("channels_last",)),
}


def rows(record: dict[str, Any]) -> list[list[str]]:
    """A heading and a line for each problem and direction: GFLOP/s, and convcore against the better of the others."""
    names = [name for name in MEMBERS if name in record["versions"]]
    lines = [["N x C x H x W to O, kernel", "", *names, "ratio"]]
    for number, problem in enumerate(PROBLEMS):
        for direction in ("forward", "backward"):
            rates = record["gflops"].get(f"{number} {direction}", {})
            medians = {name: statistics.median(rates[name]) for name in names if rates.get(name)}
            best = max((rate for name, rate in medians.items() if name != "convcore"), default=None)
            ours = medians.get("convcore")
            ratio = f"{ours / best:.2f}" if ours and best else "-"
            cells = [f"{medians[name]:.0f}" if name in medians else "-" for name in names]
            lines.append([str(problem), direction, *cells, ratio])
    return lines


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure single convolutions in convcore and PyTorch in turn.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="of one measurement (default: 0.3)")
    parser.add_argument("--json", type=Path, default=RESULTS, help=f"every measurement (default: {RESULTS})")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    from bench.machine import load, machine

    before = load()
    members = [
        Member(name, f"bench.peers_ops:{kind}", (options.threads, *rest), 1e-4)
        for name, (kind, rest) in MEMBERS.items()
    ]
    works = [f"{number} {direction}" for number in range(len(PROBLEMS)) for direction in ("forward", "backward")]
    schedule = {"threads": options.threads, "rounds": options.rounds, "seconds": options.seconds}
    results = take_turns(members, works, **schedule, say=lambda line: print(line, file=sys.stderr))
    gflops = {
        work: {
            name: [PROBLEMS[int(work.split()[0])].flops * (1 + work.endswith("backward")) / s / 1e9 for s in rounds]
            for name, rounds in measured.items()
        }
        for work, measured in results.seconds.items()
    }
    record = {
        "machine": machine() | {"load_before": before},
        **schedule,
        "versions": results.versions,
        "absent": results.absent,
        "problems": [str(problem) for problem in PROBLEMS],
        "gflops": gflops,
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(record, indent=1) + "\n")
    versions = ", ".join(dict.fromkeys(results.versions.values()))
    print(f"{machine()['cpu']}, load before {before}, {versions}, {options.threads} threads: nominal GFLOP/s\n")
    head, *body = rows(record)
    for line in [head, ["---"] * len(head), *body]:
        print("| " + " | ".join(line) + " |")


if __name__ == "__main__":
    main()
