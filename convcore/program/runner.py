"""Runs a graph on batches: forward, backward, a training step, each one native call where no custom layer is in
between."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import plain
from convcore.errors import ShapeError, StateError
from convcore.plans.steps import Buffer, Steps
from convcore.program.compiled import CompiledProgram
from convcore.program.feed import Feed
from convcore.program.graph import Graph
from convcore.program.loss import LossSpec
from convcore.program.lowering import Lowering, PythonCall
from convcore.program.update import Optimizer, Update
from convcore.runtime import get_math
from convcore.variables import FlatParameters

__all__ = ["Runner"]

FloatArray = npt.NDArray[np.float32]

# Programs kept, one for each batch size and use: the whole batch and the last partial one, to train, test and predict.
PROGRAMS = 8


class Runner:
    """A graph with its parameters and, to train, a loss and an optimizer."""

    def __init__(
        self,
        graph: Graph,
        parameters: FlatParameters,
        *,
        loss: LossSpec | None = None,
        optimizer: Optimizer | None = None,
    ) -> None:
        self.graph = graph
        self.parameters = parameters
        self.loss = loss
        self._slots: list[Any] = []
        self._programs: OrderedDict[Hashable, CompiledProgram] = OrderedDict()
        self._total = np.zeros(1, dtype=np.float64)
        self._update = None if optimizer is None else Update(parameters, optimizer, self._total, scaled=False)
        # The dropout masks' key and the number of the step.
        self._random_state = np.zeros(2, dtype=np.uint64)
        self._last: tuple[CompiledProgram, tuple[Any, ...]] | None = None
        self._awaits_backward: CompiledProgram | None = None

    # ------------------------------------------------------------------------------------------------- batches

    def forward(self, x: FloatArray, training: bool = False) -> FloatArray:
        """The output for a float32 batch; `backward` may follow if `training`."""
        batch = plain("x", x, np.float32)
        if training and batch is x:
            batch = batch.copy()  # backward reads it, whatever the caller does to x before
        if batch.shape[1:] != self.graph.input.shape:
            raise ShapeError(
                f"x: expected shape (n, {', '.join(map(str, self.graph.input.shape))}), got {batch.shape}."
            )
        if len(batch) == 0:
            return np.empty((0, *self.graph.output.shape), dtype=np.float32)
        if training:
            self._random_state[1] += np.uint64(1)
        program = (
            self._program("eager", len(batch), self._plan_eager)
            if training
            else self._program("predict", len(batch), self._plan_predict)
        )
        externals = (batch, batch) if training else (batch,)
        self._awaits_backward = None
        program.run(0, externals)
        self._last = (program, externals)
        self._awaits_backward = program if training else None
        return self.outputs.copy()

    def backward(self, dy: FloatArray) -> FloatArray:
        """The gradient of the input from that of the last training forward's output; fills the variables' `grad`."""
        program = self._awaits_backward
        if program is None or self._last is None:
            raise StateError("backward needs a forward with training=True before it, once for each backward.")
        gradient = plain("dy", dy, np.float32)
        if gradient.shape != (program.n, *self.graph.output.shape):
            expected = (program.n, *self.graph.output.shape)
            raise ShapeError(f"dy: expected the shape of the last output, {expected}, got {gradient.shape}.")
        self._awaits_backward = None
        externals = (self._last[1][0], gradient)
        program.run(1, externals)
        return program.input_gradient(externals).copy()

    # ------------------------------------------------------------------------------------------------- data sets

    def train(self, feed: Feed, start: int, count: int) -> float:
        """One step on the samples ``feed.order[start : start + count]``; returns their mean loss.

        A loss that is not finite changes no parameter, and is returned as it is.
        """
        update = self._trainable(feed)
        optimizer = update.optimizer
        self._check_range(feed, start, count)
        update.refresh()
        if any(a is not b for a, b in zip(self._slots, optimizer.slots, strict=False)) or len(self._slots) != len(
            optimizer.slots
        ):
            self._programs.clear()
            self._slots = list(optimizer.slots)
        weighted = feed.kernel_weight is not None

        def plan(low_count: int) -> CompiledProgram:
            return self._plan_train(low_count, feed.kind, weighted)

        program = self._program("train", count, plan, feed.kind, weighted, update.key())
        # Dropout's masks depend on the batch's number alone, so training resumes with the masks it would have had.
        self._random_state[1] = np.uint64(optimizer.batches + 1)
        self._run(program, feed, start, count)
        loss = float(self._total[0])
        if np.isfinite(loss):
            update.finish()
        return loss

    def finalize(self) -> None:
        """The end of a training: averages of weights, if the optimizer keeps them, become the weights."""
        if self._update is not None:
            self._update.finalize()

    def test(self, feed: Feed, start: int, count: int) -> float:
        """The mean loss of the samples, and their outputs; nothing changes."""
        if self.loss is None or feed.kernel_y is None:
            raise StateError("a loss needs targets and a model compiled with one.")
        self._check_range(feed, start, count)
        weighted = feed.kernel_weight is not None

        def plan(low_count: int) -> CompiledProgram:
            return self._plan_test(low_count, feed.kind, weighted)

        self._run(self._program("test", count, plan, feed.kind, weighted), feed, start, count)
        return float(self._total[0])

    def predict(self, feed: Feed, start: int, count: int) -> FloatArray:
        """The outputs of samples `start` to ``start + count``, as `outputs`."""
        self._check_range(feed, start, count)
        if feed.x.dtype == np.float32:
            batch = feed.x[start : start + count]
            program = self._program("predict", count, self._plan_predict)
            program.run(0, (batch,))
            self._last = (program, (batch,))
        else:
            program = self._program("gathered", count, lambda n: self._plan_gathered(n, feed.kind), feed.kind)
            self._run(program, feed, start, count, with_targets=False)
        return self.outputs

    @property
    def outputs(self) -> FloatArray:
        """The outputs of the last batch, (count, ...): valid until the next call."""
        program, externals = self._last_program()
        return program.outputs(externals)

    @property
    def plan(self) -> list[Steps | PythonCall]:
        """What the last batch ran."""
        return self._last_program()[0].plans[0]

    def profile(self) -> list[tuple[int, float]]:
        """Run the last batch again, step by step: (tasks, seconds) of each step of `plan`. Training trains on."""
        program, externals = self._last_program()
        return program.profile(0, externals)

    def _last_program(self) -> tuple[CompiledProgram, tuple[Any, ...]]:
        if self._last is None:
            raise StateError("no batch has run yet.")
        return self._last

    # -------------------------------------------------------------------------------------------------- planning

    def _trainable(self, feed: Feed) -> Update:
        if self.loss is None or self._update is None or feed.kernel_y is None:
            raise StateError("training needs a loss, an optimizer and targets.")
        return self._update

    def _check_range(self, feed: Feed, start: int, count: int) -> None:
        if not 0 <= start < start + count <= feed.size:
            raise ShapeError(f"a batch of samples {start} to {start + count} of {feed.size}.")

    def _run(self, program: CompiledProgram, feed: Feed, start: int, count: int, *, with_targets: bool = True) -> None:
        data: list[Any] = [feed.x, feed.order[start : start + count]]
        if with_targets:
            data += [feed.kernel_y, *([feed.kernel_weight] if feed.kernel_weight is not None else [])]
        externals = tuple(data)
        self._awaits_backward = None
        program.run(0, externals)
        self._last = (program, externals)

    def _program(self, use: str, n: int, plan: Callable[[int], CompiledProgram], *details: Hashable) -> CompiledProgram:
        """The program for `use` on batches of `n`, planned when it is first asked for."""
        key = (use, n, get_math(), *details)
        program = self._programs.get(key)
        if program is None:
            program = plan(n)
            self._programs[key] = program
            if len(self._programs) > PROGRAMS:
                self._programs.popitem(last=False)
        else:
            self._programs.move_to_end(key)
        return program

    def _lowering(self, n: int, *, training: bool) -> Lowering:
        return Lowering(
            self.graph, self.parameters, n, self._random_state, training=training, exact=get_math() == "exact"
        )

    def _plan_predict(self, n: int) -> CompiledProgram:
        low = self._lowering(n, training=False)
        low.take_input()
        low.forward()
        return CompiledProgram(low, low.cut())

    def _plan_gathered(self, n: int, kind: int) -> CompiledProgram:
        low = self._lowering(n, training=False)
        low.gather_input(kind)
        low.forward()
        return CompiledProgram(low, low.cut())

    def _plan_eager(self, n: int) -> CompiledProgram:
        low = self._lowering(n, training=True)
        low.take_input()
        low.take_gradient()
        low.forward()
        forward = low.cut()
        low.backward(to_input=True)
        return CompiledProgram(low, forward, low.cut())

    def _plan_test(self, n: int, kind: int, weighted: bool) -> CompiledProgram:
        low = self._lowering(n, training=False)
        self._plan_loss(low, kind, weighted)
        low.penalize(self._total, learning=False)
        return CompiledProgram(low, low.cut())

    def _plan_train(self, n: int, kind: int, weighted: bool) -> CompiledProgram:
        low = self._lowering(n, training=True)
        self._plan_loss(low, kind, weighted)
        low.backward(to_input=False)
        low.penalize(self._total, learning=True)
        if self._update is None:
            raise StateError("the model was compiled without an optimizer.")
        self._update.plan(low.steps)
        return CompiledProgram(low, low.cut())

    def _plan_loss(self, low: Lowering, kind: int, weighted: bool) -> None:
        if self.loss is None:
            raise StateError("the model was compiled without a loss.")
        low.penalties = []
        low.gather_input(kind)
        low.forward(self.loss)
        low.loss(self.loss, self._total, weighted=weighted, order=Buffer("external", 1, 0))
