"""A graph, lowered for one batch size: segments of kernel steps over one arena, custom layers between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.engine import native
from convcore.plans.penalties import add_sums, penalize
from convcore.plans.steps import Buffer, Origin, Steps
from convcore.program.loss import LossSpec
from convcore.program.lower_loss import lower_loss
from convcore.program.nodes import NODES
from convcore.program.nodes.normalization import fold
from convcore.program.storage import Memory, Storage
from convcore.program.values import Node, Value

__all__ = ["Lowering", "PythonCall"]


@dataclass(frozen=True, slots=True)
class PythonCall:
    """What runs between two native calls, given the arena and the run's externals."""

    run: Callable[[native.Arena, Sequence[Any]], None]
    origin: Origin


class Lowering(Memory):
    """Plans a graph: each method appends steps, in the order in which they are to run. The arguments are those of
    `Memory`."""

    # What was planned before the last custom layer, with the calls of these.
    _segments: tuple[Steps | PythonCall, ...] = ()
    # Softmax nodes that are one with the loss behind them.
    _joined: frozenset[Node] = frozenset()

    def take_inputs(self) -> None:
        """The batch is in the next externals, one for each input, in float32."""
        for x in self.graph.inputs:
            self._values[x] = Storage(self.steps.external(4 * self.n * x.size))

    def gather_inputs(self, *kinds: int) -> Buffer:
        """The batch is gathered from the next externals, a data set of elements of one of `kinds` for each input, in
        the order that the external behind them gives; returns that."""
        self.steps.origin = Origin("input")
        sources = [self.steps.external(-1) for _ in kinds]
        order = self.steps.external(8 * self.n)
        for x, kind, source in zip(self.graph.inputs, kinds, sources, strict=True):
            fields = {"n": self.n, "count": x.size, "kind": kind}
            self.steps.add("gather_rows", fields, source, order, self.new_value(x), work=self.n * x.size)
        return order

    def forward(self, *losses: LossSpec | None) -> None:
        """From the inputs to the outputs; each softmax that is one with the loss to come, if there are `losses` for the
        outputs, is left to it."""
        self._joined = frozenset(filter(None, map(self._softmax_in, self.graph.outputs, losses)))
        unread = self._readers.copy()
        for node in self.nodes:
            self.steps.origin = Origin("forward", node)
            if node.norm is not None:
                self._folded[node] = fold(self, node, node.norm)
            prepared = NODES[node.kind].prepare(self, node)
            if prepared is not None:
                self._prepared[node] = prepared
        for node in self.nodes:
            if node in self._joined:
                self.new_value(node.output)
                continue
            self.steps.origin = Origin("forward", node)
            NODES[node.kind].forward(self, node)
            for buffer in self._folded.pop(node, ()):
                self.steps.release(buffer)
            unread.subtract(node.inputs)
            for x in node.inputs:
                if not self.training and not unread[x] and x not in self.graph.inputs:
                    self._drop(self._values, x)

    def losses(
        self,
        losses: Sequence[LossSpec | None],
        weights: npt.NDArray[np.float64],
        each: npt.NDArray[np.float64],
        total: npt.NDArray[np.float64],
        *,
        weighted: Sequence[int],
        order: Buffer | None,
    ) -> None:
        """The mean loss of each output that has one, to `each`, and their sum, each times its weight, to `total`; of a
        single loss `each` may be `total`. `weighted` says how many weights a sample has."""
        for number, loss in enumerate(losses):
            if loss is not None:
                scale = float(weights[number])
                self.loss(loss, each, weighted=weighted[number], order=order, number=number, scale=scale)
        if each is not total:
            self.steps.origin = Origin("loss")
            places = self.steps.bind(each), self.steps.bind(weights), self.steps.bind(total)
            self.steps.add("sum_losses", {"count": len(losses)}, *places, work=len(losses))

    def loss(
        self,
        loss: LossSpec,
        total: npt.NDArray[np.float64],
        *,
        weighted: int,
        order: Buffer | None,
        number: int = 0,
        scale: float = 1.0,
    ) -> None:
        """The mean loss of output `number`, to ``total[number]``, and its gradient, times `scale`. Targets and weights
        are the next externals, one row a sample of the batch, or of the data set if there is an `order`."""
        output = self.graph.outputs[number]
        joined = next((node for node in self._joined if node.output is output), None)
        self.steps.origin = Origin("loss", joined)
        with self._adding([output if joined is None else joined.inputs[0]]):
            lower_loss(self, loss, number, joined, total, weight=scale, weighted=weighted, order=order)

    def penalize(self, total: npt.NDArray[np.float64], *, learning: bool) -> None:
        """Add the penalties of activations and of trainable weights to `total`, and those of weights, if `learning`,
        to the gradients, which are there."""
        self.steps.origin = Origin("loss")
        flat = self.parameters
        for variable, start in zip(flat.variables, flat.offsets, strict=False):
            plan = None if variable.regularizer is None else variable.regularizer.plan
            if plan is not None and variable.trainable and variable.size and self.penalties is not None:
                w, g = self.steps.bind(flat.values), self.steps.bind(flat.gradients)
                places = w.at(4 * start), g.at(4 * start) if learning else None
                self.penalties.append(penalize(self.steps, plan, variable.shape, *places))
        for sums, count in self.penalties or ():
            add_sums(self.steps, sums, count, self.steps.bind(total))

    def rows_of(self, count: int, order: Buffer | None) -> Buffer:
        """`count` words for each sample from the next external, which holds them for the batch or for the data set."""
        if order is None:
            return self.steps.external(4 * self.n * count)
        rows = self.steps.reals(self.n * count)
        fields = {"n": self.n, "count": count}
        self.steps.add("gather_words", fields, self.steps.external(-1), order, rows, work=self.n * count)
        return rows

    def take_gradients(self) -> None:
        """The gradients of the outputs are the next externals."""
        for output in self.graph.outputs:
            with self._adding([output]):
                self._gradients[output] = Storage(self.steps.external(-1))

    def backward(self, *, to_inputs: bool) -> None:
        """From the gradients of the outputs to those of the parameters, and of the inputs if they are wanted.

        Gradients go no further than they are needed: to the first nodes that learn.
        """
        learning = self._learning(to_inputs)
        for node in reversed(self.nodes):
            if node.output in self._gradients and node.output in learning and node not in self._joined:
                self.steps.origin = Origin("backward", node)
                with self._adding(node.inputs):
                    NODES[node.kind].backward(self, node, tuple(x in learning for x in node.inputs))
            self._drop(self._gradients, node.output)
            if node.output not in self.graph.outputs:
                self._drop(self._values, node.output)

    def _learning(self, to_inputs: bool) -> set[Value]:
        """The values whose gradients are needed."""
        learning = set(self.graph.inputs) if to_inputs else set()
        for node in self.nodes:
            trains = any(to_inputs or variable.trainable for variable in node.parameters if variable is not None)
            if trains or node.kind == "python" or not learning.isdisjoint(node.inputs):
                learning.add(node.output)
        return learning

    def python(self, call: Callable[[native.Arena, Sequence[Any]], None]) -> None:
        """A custom layer runs here: what was planned so far is one native call, what follows another."""
        self._segments += (self.steps, PythonCall(call, self.steps.origin))
        self.steps = self.steps.continued()

    def cut(self) -> list[Steps | PythonCall]:
        """What was planned since the last cut."""
        segments = [*self._segments, self.steps]
        self._segments, self.steps = (), self.steps.continued()
        return segments

    def _softmax_in(self, output: Value, loss: LossSpec | None) -> Node | None:
        """The node of `output`, if it is a softmax whose probabilities only a cross-entropy reads."""
        if loss is None or not loss.is_cross_entropy or loss.from_logits or self._readers[output] > 1:
            return None
        return next((node for node in self.nodes if node.output is output and node.kind == "softmax"), None)
