"""A lowered graph with its arena: what runs for one batch size."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.engine import native
from convcore.memory import require_memory
from convcore.plans.steps import Steps
from convcore.program.lowering import Lowering, PythonCall
from convcore.program.values import Value
from convcore.runtime import get_num_threads

__all__ = ["CompiledProgram"]

FloatArray = npt.NDArray[np.float32]


class CompiledProgram:
    """Parts (such as forward and backward) of one lowering, each a list of native programs with custom layers between
    them."""

    def __init__(self, low: Lowering, *parts: list[Steps | PythonCall], given: Sequence[Value] = ()) -> None:
        self.n = low.n
        #: Outputs that are externals, behind the inputs; whether all are, in their order.
        self.given = [(output, (low.n, *output.shape)) for output in given]
        self.gives_all = tuple(given) == low.graph.outputs
        #: What `parts` were made from, for explain.
        self.plans = [[segment for segment in part if not _is_empty(segment)] for part in parts]
        self.parts = [
            [segment.build() if isinstance(segment, Steps) else segment for segment in part] for part in self.plans
        ]
        #: All of it, where that is one native program.
        self.whole: native.Program | None = None
        if len(self.parts) == len(self.parts[0]) == 1 and isinstance(self.parts[0][0], native.Program):
            self.whole = self.parts[0][0]
        size = low.steps.layout.size
        scratch = max(
            (p.scratch_bytes for part in self.parts for p in part if isinstance(p, native.Program)), default=0
        )
        results = sum(4 * low.n * output.size for output in given)
        require_memory(size + results + get_num_threads() * scratch, f"a batch of {low.n}")
        self.arena = native.Arena(max(size, 1))
        places = [(low.value(output), output.shape) for output in low.graph.outputs]
        self._looks = [low.view(buffer, shape) for buffer, shape in places]
        # Those in the arena are always the same; an input that is an output is another one in each run.
        self._outputs = [
            None if buffer.kind == "external" else look(self.arena, ())
            for look, (buffer, _) in zip(self._looks, places, strict=True)
        ]
        #: Variables whose gradients it does not compute.
        self.without_gradient = [each for each in low.parameters.variables if each not in low.differentiated]
        gradients = [(low.gradient_or_none(x), (low.n, *x.shape)) for x in low.graph.inputs]
        self._looks_at_gradients = [
            (None if gradient is None else low.view(gradient, shape[1:]), shape) for gradient, shape in gradients
        ]

    def run(self, part: int, externals: tuple[Any, ...]) -> None:
        for segment in self.parts[part]:
            if isinstance(segment, native.Program):
                segment.run(externals, self.arena)
            else:
                segment.run(self.arena, externals)

    def profile(self, part: int, externals: tuple[Any, ...]) -> list[tuple[int, float]]:
        """Run step by step: (tasks, seconds) of each, custom layers among them."""
        times: list[tuple[int, float]] = []
        for segment in self.parts[part]:
            if isinstance(segment, native.Program):
                times += segment.run(externals, self.arena, True)
            else:
                start = time.perf_counter()
                segment.run(self.arena, externals)
                times.append((1, time.perf_counter() - start))
        return times

    def outputs(self, externals: tuple[Any, ...]) -> list[FloatArray]:
        """The last batch's outputs, in the arena: valid until the next run."""
        return [
            look(self.arena, externals) if output is None else output
            for look, output in zip(self._looks, self._outputs, strict=True)
        ]

    def input_gradients(self, externals: tuple[Any, ...]) -> list[FloatArray]:
        """The gradients of the last batch's inputs: zeros where the program computes none."""
        return [
            np.zeros(shape, dtype=np.float32) if look is None else look(self.arena, externals)
            for look, shape in self._looks_at_gradients
        ]


def _is_empty(segment: Steps | PythonCall) -> bool:
    return isinstance(segment, Steps) and not segment.steps
