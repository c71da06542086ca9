"""A graph, lowered for one batch size: segments of kernel steps over one arena, custom layers between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.engine import native
from convcore.plans.penalties import add_sums, penalize
from convcore.plans.steps import Buffer, Origin, Steps
from convcore.program.graph import Graph
from convcore.program.loss import LossSpec
from convcore.program.lower_loss import lower_loss
from convcore.program.nodes import NODES
from convcore.program.optimize import optimize
from convcore.program.values import Node, Shape, Value
from convcore.variables import FlatParameters

__all__ = ["Lowering", "PythonCall"]

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PythonCall:
    """What runs between two native calls, given the arena and the run's externals."""

    run: Callable[[native.Arena, Sequence[Any]], None]
    origin: Origin


@dataclass(slots=True)
class Storage:
    """The memory of a value, shared by the values that are reshapes of it."""

    buffer: Buffer
    users: int = 1


class Lowering:
    """Plans `graph` for batches of `n`: each method appends steps, in the order in which they are to run.

    `training` keeps what the backward pass needs; without it a value's memory is free once the value was read. `exact`
    leaves out what changes the order of sums.
    """

    def __init__(
        self,
        graph: Graph,
        parameters: FlatParameters,
        n: int,
        random_state: npt.NDArray[np.uint64],
        *,
        training: bool,
        exact: bool,
    ) -> None:
        self.graph = graph
        self.nodes = optimize(graph)
        self.parameters = parameters
        self.n = n
        self.training = training
        self.exact = exact
        self.random_state = random_state
        self.steps = Steps()
        self._segments: list[Steps | PythonCall] = []
        self._values: dict[Value, Storage] = {}
        self._gradients: dict[Value, Storage] = {}
        self._saved: dict[Node, Buffer] = {}
        self._prepared: dict[Node, Buffer] = {}
        # Results of a ReLU that is part of their node, and those whose gradient has gone through it already.
        self._rectified = {node.output for node in self.nodes if node.kind != "relu" and node.settings.get("relu")}
        self._masked: set[Value] = set()
        #: Where the penalties of activations are, and how many sums each has; None where there is no loss.
        self.penalties: list[tuple[Buffer, int]] | None = None
        self._offsets = dict(zip(parameters.variables, parameters.offsets, strict=False))

    # ------------------------------------------------------------------------------- memory that nodes ask for

    def parameters_of(self, node: Node) -> list[Any]:
        """Where the parameters of `node` are: a Buffer each, or None for one that it does without."""
        return self._flat(self.parameters.values, node)

    def gradients_of(self, node: Node) -> list[Any]:
        """Where the gradients of the parameters of `node` go: a Buffer each, or None for one that it does without."""
        return self._flat(self.parameters.gradients, node)

    def _flat(self, flat: FloatArray, node: Node) -> list[Buffer | None]:
        return [
            None if variable is None else self.steps.bind(flat).at(4 * self._offsets[variable])
            for variable in node.parameters
        ]

    def rows(self, value: Value) -> tuple[int, int]:
        """A batch of `value` as (rows, columns): the columns are its last axis."""
        columns = value.shape[-1] if value.shape else 1
        return self.n * math.prod(value.shape[:-1]), columns

    def value(self, value: Value) -> Buffer:
        """Where `value`, computed before, is."""
        return self._values[value].buffer

    def new_value(self, value: Value) -> Buffer:
        return self._new(self._values, value)

    def alias(self, value: Value, of: Value) -> None:
        """`value` has the elements of `of`, in the same memory."""
        self._share(self._values, value, of)

    def gradient(self, value: Value) -> Buffer:
        """Where the gradient of `value`, computed before, is."""
        return self._gradients[value].buffer

    def gradient_or_none(self, value: Value) -> Buffer | None:
        storage = self._gradients.get(value)
        return None if storage is None else storage.buffer

    def new_gradient(self, value: Value) -> Buffer:
        return self._new(self._gradients, value)

    def alias_gradient(self, value: Value, of: Value) -> None:
        self._share(self._gradients, value, of)

    def masked_gradient(self, value: Value) -> Buffer:
        """The gradient of `value`, the result of a ReLU, gone through that ReLU: zero where `value` is."""
        storage = self._gradients[value]
        if value in self._masked:
            return storage.buffer
        dy, count = storage.buffer, self.n * value.size
        if dy.kind == "external":  # not ours to write
            storage.buffer = self.steps.reals(count)
        self.steps.add("relu_backward", {"count": count}, dy, self.value(value), storage.buffer, work=count)
        return storage.buffer

    def take_mask(self, value: Value) -> Buffer | None:
        """Where `value` is, if a ReLU made it: the caller lets the gradient that it computes through that ReLU."""
        if value not in self._rectified:
            return None
        self._masked.add(value)
        return self.value(value)

    def save(self, node: Node, workspace: Buffer) -> None:
        """Keep what the forward pass of `node` leaves for its backward pass."""
        self._saved[node] = workspace

    def prepared(self, node: Node) -> Buffer | None:
        """The parameters of `node` in the form that its kind prepared, if it did."""
        return self._prepared.get(node)

    def saved(self, node: Node) -> Buffer:
        return self._saved[node]

    def view(self, buffer: Buffer, shape: Shape) -> Callable[[native.Arena, Sequence[Any]], FloatArray]:
        """How to see a batch of `shape` in a buffer of the arena or of an external."""
        full = (self.n, *shape)
        count = math.prod(full)

        def look(arena: native.Arena, externals: Sequence[Any]) -> FloatArray:
            if buffer.kind == "external":
                return np.asarray(externals[buffer.index], dtype=np.float32).reshape(full)
            return np.frombuffer(memoryview(arena), np.float32, count, buffer.offset).reshape(full)

        return look

    def python(self, call: Callable[[native.Arena, Sequence[Any]], None]) -> None:
        """A custom layer runs here: what was planned so far is one native call, what follows another."""
        self._segments += [self.steps, PythonCall(call, self.steps.origin)]
        self.steps = self.steps.continued()

    def _new(self, table: dict[Value, Storage], value: Value) -> Buffer:
        table[value] = Storage(self.steps.reals(self.n * value.size))
        return table[value].buffer

    def _share(self, table: dict[Value, Storage], value: Value, of: Value) -> None:
        table[value] = table[of]
        table[of].users += 1

    def _drop(self, table: dict[Value, Storage], value: Value) -> None:
        storage = table.pop(value, None)
        if storage is not None:
            storage.users -= 1
            if storage.users == 0:
                self.steps.release(storage.buffer)

    # -------------------------------------------------------------------------------------- parts of a program

    def take_input(self) -> None:
        """The batch is external 0, in float32."""
        self._values[self.graph.input] = Storage(self.steps.external(4 * self.n * self.graph.input.size))

    def gather_input(self, kind: int) -> None:
        """The batch is gathered from external 0, a data set of elements of `kind`, in the order that external 1
        gives."""
        self.steps.origin = Origin("input")
        x, size = self.graph.input, self.graph.input.size
        source, order = self.steps.external(-1), self.steps.external(8 * self.n)
        fields = {"n": self.n, "count": size, "kind": kind}
        self.steps.add("gather_rows", fields, source, order, self.new_value(x), work=self.n * size)

    def forward(self, loss: LossSpec | None = None) -> None:
        """From the input to the output; a softmax that is one with the `loss` to come is left to it."""
        joined = self._softmax_in(loss)
        for node in self.nodes:
            self.steps.origin = Origin("forward", node)
            prepared = NODES[node.kind].prepare(self, node)
            if prepared is not None:
                self._prepared[node] = prepared
        for node in self.nodes:
            if node is joined:
                self.new_value(node.output)
                continue
            self.steps.origin = Origin("forward", node)
            NODES[node.kind].forward(self, node)
            if not self.training and node.inputs[0] is not self.graph.input:
                self._drop(self._values, node.inputs[0])

    def loss(self, loss: LossSpec, total: npt.NDArray[np.float64], *, weighted: bool, order: Buffer | None) -> None:
        """The mean loss, to `total`, and its gradient. Targets and weights are the next externals, one row a sample
        of the batch, or of the data set if there is an `order`."""
        joined = self._softmax_in(loss)
        self.steps.origin = Origin("loss", joined)
        lower_loss(self, loss, self.graph.output, joined, total, weighted=weighted, order=order)

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

    def take_gradient(self) -> None:
        """The gradient of the output is the next external."""
        self._gradients[self.graph.output] = Storage(self.steps.external(-1))

    def backward(self, *, to_input: bool) -> None:
        """From the gradient of the output to those of the parameters, and of the input if it is wanted.

        Gradients go no further than they are needed: to the first node that learns.
        """
        learning = (i for i, node in enumerate(self.nodes) if node.parameters or node.kind == "python")
        first = -1 if to_input else next(learning, len(self.nodes))
        for i, node in reversed(list(enumerate(self.nodes))):
            if node.inputs[0] not in self._gradients and i >= first:
                self.steps.origin = Origin("backward", node)
                NODES[node.kind].backward(self, node, (i > first,))
            self._drop(self._gradients, node.output)
            if node.output is not self.graph.output:
                self._drop(self._values, node.output)

    def cut(self) -> list[Steps | PythonCall]:
        """What was planned since the last cut."""
        segments = [*self._segments, self.steps]
        self._segments, self.steps = [], self.steps.continued()
        return segments

    def _softmax_in(self, loss: LossSpec | None) -> Node | None:
        """The last node, if it is a softmax whose probabilities only a cross-entropy reads."""
        last = self.nodes[-1] if self.nodes else None
        if loss is None or not loss.is_cross_entropy or loss.from_logits or last is None or last.kind != "softmax":
            return None
        return last
