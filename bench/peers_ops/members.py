"""Who computes the problems: workers that take turns, see bench/turns.py."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from bench.peers_ops import convolutions, pointwise, pools
from bench.peers_ops.problem import Array, Call, Problem, listed
from bench.turns import Run

__all__ = ["ALL", "MEMBERS", "NAMES", "ConvcoreOps", "TorchOps", "selected"]

ALL: tuple[Problem, ...] = (*convolutions.PROBLEMS, *pools.PROBLEMS, *pointwise.PROBLEMS)
# What is measured is a problem in one direction.
NAMES: dict[str, tuple[Problem, str]] = {
    f"{problem}: {direction}": (problem, direction) for problem in ALL for direction in problem.directions
}
PROOF = 16  # outputs of each that are compared
# A difference of 16-bit results counts as little as their last place does.
SCALES = {"float16": 1e-2}

MEMBERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "convcore": ("ConvcoreOps", ()),
    "PyTorch": ("TorchOps", ("contiguous_format",)),
    "PyTorch, channels_last": ("TorchOps", ("channels_last",)),
}


def selected(pattern: str) -> list[str]:
    """The names in which the regular expression `pattern` is found."""
    return [name for name in NAMES if re.search(pattern, name)]


class Ops:
    """The calls of one library; it holds the arrays of the last problem only."""

    def __init__(self, pattern: str) -> None:
        self.names = selected(pattern)
        self.held: tuple[str, Call] | None = None

    def made(self, problem: Problem, direction: str) -> Call | None:
        raise NotImplementedError

    def results(self, problem: Problem, direction: str) -> list[Array]:
        """As convcore has their axes."""
        raise NotImplementedError

    def call(self, name: str) -> Call | None:
        if self.held is None or self.held[0] != name:
            self.held = None
            call = self.made(*NAMES[name])
            if call is None:
                return None
            self.held = name, call
        return self.held[1]

    def proof(self) -> Any:
        """Some results of each call, relative to the largest."""
        found = []
        for name in self.names:
            problem, direction = NAMES[name]
            for result in self.results(problem, direction):
                flat = np.asarray(result, np.float64).ravel()
                some = flat[np.linspace(0, flat.size - 1, PROOF).astype(int)]
                found.append(some / max(1, np.abs(flat).max()) * SCALES.get(problem.dtype, 1.0))
        return np.concatenate(found)

    def work(self, name: str) -> Run | None:
        if self.call(name) is None:
            return None

        def run(count: int) -> int:
            call = self.call(name)
            for _ in range(count if call else 0):
                call()  # type: ignore[misc]
            return count

        return run


class ConvcoreOps(Ops):
    def __init__(self, threads: int, pattern: str) -> None:
        from convcore import ops, runtime

        super().__init__(pattern)
        runtime.set_num_threads(threads)
        self.ops, self.isa = ops, runtime.active_isa()

    def version(self) -> str:
        import convcore

        return f"convcore {convcore.__version__} ({self.isa})"

    def made(self, problem: Problem, direction: str) -> Call:
        return problem.ours(self.ops, direction)

    def results(self, problem: Problem, direction: str) -> list[Array]:
        return [np.asarray(result) for result in listed(self.made(problem, direction)())]


class TorchOps(Ops):
    """PyTorch in the memory format `form`; what has its channels first is measured in its own format alone."""

    def __init__(self, threads: int, pattern: str, form: str = "contiguous_format") -> None:
        import torch

        super().__init__(pattern)
        torch.set_num_threads(threads)
        self.torch, self.form, self.other = torch, getattr(torch, form), form != "contiguous_format"

    def version(self) -> str:
        return f"PyTorch {self.torch.__version__}"

    def made(self, problem: Problem, direction: str) -> Call | None:
        return None if self.other and problem.first else self.without_graph(problem, direction)

    def without_graph(self, problem: Problem, direction: str) -> Call:
        call = problem.theirs(self.torch, direction, self.form)

        def without_graph() -> Any:
            with self.torch.no_grad():
                return call()

        return without_graph

    def results(self, problem: Problem, direction: str) -> list[Array]:
        call = self.without_graph(problem, direction)
        return problem.as_ours(direction, [result.detach().numpy() for result in listed(call())])
