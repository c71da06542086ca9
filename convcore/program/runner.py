"""Runs a graph on batches: forward, backward, a training step, each one native call where no custom layer is in
between."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import plain
from convcore.errors import ShapeError, StateError
from convcore.plans.steps import Steps
from convcore.program.compiled import CompiledProgram
from convcore.program.feed import Feed
from convcore.program.giving import Giving
from convcore.program.graph import Graph
from convcore.program.loss import LossSpec
from convcore.program.lowering import Lowering, PythonCall
from convcore.program.repeat import Repeat
from convcore.program.storage import Kept
from convcore.program.update import Optimizer, Update
from convcore.program.values import Value
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
        loss: LossSpec | Sequence[LossSpec | None] | None = None,
        loss_weights: Sequence[float] | None = None,
        optimizer: Optimizer | None = None,
    ) -> None:
        self.graph = graph
        self._is_empty = not any(output.size for output in graph.outputs)
        self.parameters = parameters
        #: One for each output, None for those that are not trained; empty without any.
        self.losses = () if loss is None else (loss,) if isinstance(loss, LossSpec) else tuple(loss)
        self.loss_weights = np.array(
            [1.0] * len(self.losses) if loss_weights is None else loss_weights, dtype=np.float64
        )
        self._slots: list[Any] = []
        #: "fast" or "exact", whatever `set_math` says; None to follow that.
        self.chosen_math: str | None = None
        self._kept: Kept = {}
        self._programs: OrderedDict[Hashable, CompiledProgram] = OrderedDict()
        self._total = np.zeros(1, dtype=np.float64)
        #: The mean loss of each output in the last batch that was trained or tested, before its weight.
        self.each_loss = self._total if self.loss_weights.tolist() == [1.0] else np.zeros_like(self.loss_weights)
        self._update = None if optimizer is None else Update(parameters, optimizer, self._total, scaled=False)
        # The dropout masks' key and the number of the step.
        self._random_state = np.zeros(2, dtype=np.uint64)
        self._trained_batches = self._other_batches = 0
        self._draws_always = any(node.draws for node in graph.nodes)
        self._last: tuple[CompiledProgram, tuple[Any, ...]] | None = None
        self._awaits_backward: CompiledProgram | None = None
        self._repeat: Repeat | None = None

    @property
    def math(self) -> str:
        """How the next batch is computed: "fast" or "exact"."""
        return self.chosen_math or get_math()

    # ------------------------------------------------------------------------------------------------- batches

    def forward(self, x: FloatArray, training: bool = False) -> FloatArray:
        """The output for a float32 batch; `backward` may follow if `training`."""
        (y,) = self.forward_all([x], training)
        return y

    def forward_all(self, xs: Sequence[FloatArray], training: bool = False) -> list[FloatArray]:
        """The outputs for a float32 batch of each input; `backward_all` may follow if `training`."""
        batches = [self._batch(x, given, training) for x, given in zip(self.graph.inputs, xs, strict=True)]
        n = len(batches[0])
        if len(batches) > 1 and any(len(batch) != n for batch in batches):
            raise ShapeError(f"x: the inputs have {', '.join(str(len(batch)) for batch in batches)} samples.")
        if n == 0 or self._is_empty:
            return [np.empty((n, *output.shape), dtype=np.float32) for output in self.graph.outputs]
        made: list[FloatArray] = []
        if training:
            self._number(self._trained_batches + 1)
            program = self._program("eager", n, self._plan_eager)
            # The forward part reads no gradient: anything may stand in their places.
            externals = (*batches, *batches[:1] * len(self.graph.outputs))
        else:
            self._number_other()
            program = self._program("call", n, self._plan_call)
            made = [np.empty(shape, dtype=np.float32) for _, shape in program.given]
            externals = (*batches, *made)
        self._awaits_backward = self._last = None
        program.run(0, externals)
        if training:
            self._last, self._awaits_backward = (program, externals), program
        elif program.gives_all:
            if len(externals) == 2 and program.whole is not None and not self._draws_always:
                self._repeat = Repeat(program.whole, program.arena, batches[0].shape, made[0].shape, self.math)
            return made
        given = {output: array for (output, _), array in zip(program.given, made, strict=True)}
        looks = zip(self.graph.outputs, program.outputs(externals), strict=True)
        return [given.pop(output) if output in given else look.copy() for output, look in looks]

    def repeat(self, x: Any) -> FloatArray | None:
        """The output for `x`, if it is a batch such as `forward_all` last met without training; else None."""
        last = self._repeat
        if last is None or not last.fits(x, self.math):
            return None
        self._awaits_backward = self._last = None
        return last.run(x)

    def _batch(self, x: Value, given: FloatArray, training: bool) -> FloatArray:
        batch = plain("x", given, np.float32)
        if batch.shape[1:] != x.shape:
            raise ShapeError(f"x: expected shape (n, {', '.join(map(str, x.shape))}), got {batch.shape}.")
        # Backward reads it, whatever the caller does to x before.
        return batch.copy() if training and batch is given else batch

    def backward(self, dy: FloatArray) -> FloatArray:
        """The gradient of the input from that of the last training forward's output; fills the variables' `grad`."""
        (dx,) = self.backward_all([dy])
        return dx

    def backward_all(self, dys: Sequence[FloatArray]) -> list[FloatArray]:
        """The gradients of the inputs from those of the last training forward's outputs; fills the variables'
        `grad`."""
        program = self._awaits_backward
        if program is None or self._last is None:
            raise StateError("backward needs a forward with training=True before it, once for each backward.")
        gradients = [plain("dy", dy, np.float32) for dy in dys]
        for output, gradient in zip(self.graph.outputs, gradients, strict=True):
            expected = (program.n, *output.shape)
            if gradient.shape != expected:
                raise ShapeError(f"dy: expected the shape of the last output, {expected}, got {gradient.shape}.")
        self._awaits_backward = None
        externals = (*self._last[1][: len(self.graph.inputs)], *gradients)
        program.run(1, externals)
        return [gradient.copy() for gradient in program.input_gradients(externals)]

    # ------------------------------------------------------------------------------------------------- data sets

    def train(self, feed: Feed, start: int, count: int) -> float:
        """One step on the samples ``feed.order[start : start + count]``; returns their mean loss.

        A loss that is not finite changes no parameter, and is returned as it is.
        """
        return self.train_batches(feed, start, count, 1)[-1]

    def train_batches(
        self, feed: Feed, start: int, count: int, batches: int, outputs: Sequence[FloatArray] = ()
    ) -> list[float]:
        """A step, as `train` makes it, on each of `batches` batches of `count` samples, from `start` on, with as little
        between them as possible: whatever but a schedule changes what a step is has to wait until all are done.

        Gives their mean losses: the last one may not be finite. What the graph computes goes to `outputs`, if they are
        there, (batches * count, ...) each.
        """
        update = self._trainable(feed)
        optimizer = update.optimizer
        self._check_range(feed, start, batches * count)
        update.refresh()
        program = self._program_to_train(feed, count, update)
        before, behind = self._data(feed)
        losses: list[float] = []
        for first in range(start, start + batches * count, count):
            if losses and optimizer.gradient_accumulation_steps:
                program = self._program_to_train(feed, count, update)
            update.advance()
            # Dropout's masks depend on the batch's number alone, so training resumes with the masks it would have had.
            self._number(optimizer.batches + 1)
            externals = (*before, feed.order[first : first + count], *behind)
            self._run(program, externals)
            loss = float(self._total[0])
            losses.append(loss)
            if not math.isfinite(loss):
                break
            update.finish()
            for whole, part in zip(outputs, program.outputs(externals) if outputs else (), strict=True):
                whole[first - start : first - start + count] = part
        return losses

    def _program_to_train(self, feed: Feed, count: int, update: Update) -> CompiledProgram:
        """The program of the next batch, after `update.refresh`."""
        optimizer = update.optimizer
        if any(a is not b for a, b in zip(self._slots, optimizer.slots, strict=False)) or len(self._slots) != len(
            optimizer.slots
        ):
            self._programs.clear()
            self._slots = list(optimizer.slots)
        weighted = self._weighted(feed)

        def plan(low_count: int) -> CompiledProgram:
            return self._plan_train(low_count, feed.kinds, weighted)

        program = self._program("train", count, plan, feed.kinds, weighted, update.key())
        for variable in program.without_gradient:
            variable.grad[...] = 0  # a backward pass of its own may have left one
        return program

    def finalize(self) -> None:
        """The end of a training: averages of weights, if the optimizer keeps them, become the weights."""
        if self._update is not None:
            self._update.finalize()

    def test(self, feed: Feed, start: int, count: int) -> float:
        """The mean loss of the samples, and their outputs; nothing changes."""
        if not self.losses or not feed.ys:
            raise StateError("a loss needs targets and a model compiled with one.")
        self._check_range(feed, start, count)
        weighted = self._weighted(feed)

        def plan(low_count: int) -> CompiledProgram:
            return self._plan_test(low_count, feed.kinds, weighted)

        self._number_other()
        before, behind = self._data(feed)
        program = self._program("test", count, plan, feed.kinds, weighted)
        self._run(program, (*before, feed.order[start : start + count], *behind))
        return float(self._total[0])

    def predict(self, feed: Feed, start: int, count: int) -> FloatArray:
        """The output of samples `start` to ``start + count``, as `output`."""
        self.predict_all(feed, start, count)
        return self.output

    def predict_all(self, feed: Feed, start: int, count: int) -> list[FloatArray]:
        """The outputs of samples `start` to ``start + count``, as `outputs`."""
        self._check_range(feed, start, count)
        self._number_other()
        if all(x.dtype == np.float32 for x in feed.xs):
            batches = tuple(x[start : start + count] for x in feed.xs)
            program = self._program("predict", count, self._plan_predict)
            program.run(0, batches)
            self._last = (program, batches)
        else:
            program = self._program("gathered", count, lambda n: self._plan_gathered(n, feed.kinds), feed.kinds)
            self._run(program, (*feed.xs, feed.order[start : start + count]))
        return self.outputs

    @property
    def output(self) -> FloatArray:
        """The output of the last batch, (count, ...), of a graph that has one: valid until the next call."""
        (only,) = self.outputs
        return only

    @property
    def outputs(self) -> list[FloatArray]:
        """The outputs of the last batch, (count, ...) each: valid until the next call."""
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

    def _number(self, batch: int) -> None:
        """Draw the random numbers of the training batch of this number."""
        self._trained_batches = batch
        self._random_state[1] = batch

    def _number_other(self) -> None:
        """Draw, if a node does in inference, the random numbers of another batch, apart from those of training."""
        if self._draws_always:
            self._other_batches += 1
            self._random_state[1] = np.uint64(2**63 + self._other_batches)

    def _last_program(self) -> tuple[CompiledProgram, tuple[Any, ...]]:
        if self._last is None:
            raise StateError("no batch has run yet.")
        return self._last

    # -------------------------------------------------------------------------------------------------- planning

    def _trainable(self, feed: Feed) -> Update:
        if not self.losses or self._update is None or not feed.ys:
            raise StateError("training needs a loss, an optimizer and targets.")
        return self._update

    def _weighted(self, feed: Feed) -> tuple[int, ...]:
        """Of each output, how many weights a sample has."""
        for loss, targets in zip(self.losses, feed.ys, strict=True):
            if loss is not None and targets is None:
                raise StateError("an output that has a loss needs targets.")
        return tuple(0 if weights is None else weights.size // feed.size for weights in feed.kernel_weights)

    def _check_range(self, feed: Feed, start: int, count: int) -> None:
        if not 0 <= start < start + count <= feed.size:
            raise ShapeError(f"a batch of samples {start} to {start + count} of {feed.size}.")

    def _data(self, feed: Feed) -> tuple[tuple[Any, ...], list[Any]]:
        """What a program that has a loss reads before the order of a batch, and behind that."""
        behind: list[Any] = []
        for loss, targets, weights in zip(self.losses, feed.kernel_ys, feed.kernel_weights, strict=True):
            behind += [each for each in (targets, weights) if loss is not None and each is not None]
        return feed.xs, behind

    def _run(self, program: CompiledProgram, externals: tuple[Any, ...]) -> None:
        self._awaits_backward = None
        program.run(0, externals)
        self._last = (program, externals)

    def _program(self, use: str, n: int, plan: Callable[[int], CompiledProgram], *details: Hashable) -> CompiledProgram:
        """The program for `use` on batches of `n`, planned when it is first asked for."""
        key = (use, n, self.math, *details)
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
        return Lowering(*self._problem(n), training=training, exact=self.math == "exact", kept=self._kept)

    def _giving(self, n: int) -> Giving:
        return Giving(*self._problem(n), training=False, exact=self.math == "exact", kept=self._kept)

    def _problem(self, n: int) -> tuple[Graph, FlatParameters, int, npt.NDArray[np.uint64]]:
        for x in self.graph.inputs:
            if not x.size:
                raise ShapeError(f"x: samples of shape {x.shape} have no elements, so there is nothing to compute.")
        return self.graph, self.parameters, n, self._random_state

    def _plan_call(self, n: int) -> CompiledProgram:
        low = self._giving(n)
        low.take_inputs()
        low.forward()
        return CompiledProgram(low, low.cut(), given=low.given)

    def _plan_predict(self, n: int) -> CompiledProgram:
        low = self._lowering(n, training=False)
        low.take_inputs()
        low.forward()
        return CompiledProgram(low, low.cut())

    def _plan_gathered(self, n: int, kinds: tuple[int, ...]) -> CompiledProgram:
        low = self._lowering(n, training=False)
        low.gather_inputs(*kinds)
        low.forward()
        return CompiledProgram(low, low.cut())

    def _plan_eager(self, n: int) -> CompiledProgram:
        low = self._lowering(n, training=True)
        low.take_inputs()
        low.forward()
        forward = low.cut()
        low.take_gradients()
        low.backward(to_inputs=True)
        return CompiledProgram(low, forward, low.cut())

    def _plan_test(self, n: int, kinds: tuple[int, ...], weighted: tuple[int, ...]) -> CompiledProgram:
        low = self._lowering(n, training=False)
        self._plan_loss(low, kinds, weighted)
        low.penalize(self._total, learning=False)
        return CompiledProgram(low, low.cut())

    def _plan_train(self, n: int, kinds: tuple[int, ...], weighted: tuple[int, ...]) -> CompiledProgram:
        low = self._lowering(n, training=True)
        self._plan_loss(low, kinds, weighted)
        low.backward(to_inputs=False)
        low.penalize(self._total, learning=True)
        if self._update is None:
            raise StateError("the model was compiled without an optimizer.")
        self._update.plan(low.steps)
        return CompiledProgram(low, low.cut())

    def _plan_loss(self, low: Lowering, kinds: tuple[int, ...], weighted: tuple[int, ...]) -> None:
        low.penalties = []
        order = low.gather_inputs(*kinds)
        low.forward(*self.losses)
        low.losses(self.losses, self.loss_weights, self.each_loss, self._total, weighted=weighted, order=order)
