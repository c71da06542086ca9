"""A graph, lowered for one batch size: segments of kernel steps over one arena, custom layers between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.engine import native
from convcore.memory import aligned_zeros
from convcore.plans import merge
from convcore.plans.penalties import add_sums, penalize
from convcore.plans.steps import Buffer, Origin, Steps
from convcore.program.graph import Graph
from convcore.program.loss import LossSpec
from convcore.program.lower_loss import lower_loss
from convcore.program.nodes import NODES
from convcore.program.nodes.normalization import fold
from convcore.program.optimize import count_readers, optimize
from convcore.program.values import Node, Shape, Value
from convcore.variables import FlatParameters, Variable

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


#: What programs of a graph keep from run to run: by variable, that of a normalization in it, and number of bytes.
Kept = dict[tuple["Variable | None", "Variable | None", int], npt.NDArray[np.uint8]]


class Lowering:
    """Plans `graph` for batches of `n`: each method appends steps, in the order in which they are to run.

    `training` keeps what the backward pass needs; without it a value's memory is free once the value was read. `exact`
    leaves out what changes the order of sums. `kept` is what programs of this graph keep from run to run.
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
        kept: Kept | None = None,
    ) -> None:
        self.graph = graph
        # Folded weights round elsewhere, and in training they would not be the ones that learn.
        self.nodes = optimize(graph, fold=not (training or exact))
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
        self._folded: dict[Node, tuple[Buffer, Buffer]] = {}
        self._kept: Kept = {} if kept is None else kept
        self._readers = count_readers(self.nodes, graph.outputs)
        # Results of a ReLU that is part of their node, and those whose gradient has gone through it already.
        self._rectified = {node.output for node in self.nodes if node.kind != "relu" and node.settings.get("relu")}
        self._masked: set[Value] = set()
        #: Where the penalties of activations are, and how many sums each has; None where there is no loss.
        self.penalties: list[tuple[Buffer, int]] | None = None
        self._offsets = dict(zip(parameters.variables, parameters.offsets, strict=False))
        #: The variables that have a gradient.
        self.differentiated: set[Variable] = set()
        # Further parts of the gradients of variables that several nodes have.
        self._further: list[tuple[Variable, Buffer]] = []
        # Softmax nodes that are one with the loss behind them.
        self._joined: set[Node] = set()

    # ------------------------------------------------------------------------------- memory that nodes ask for

    def parameters_of(self, node: Node) -> list[Any]:
        """Where the parameters of `node`, with the normalization that is folded into them, are: a Buffer each, or None
        for one that it does without."""
        if node in self._folded:
            return list(self._folded[node])
        values = self.parameters.values
        return [None if variable is None else self._place(values, variable) for variable in node.parameters]

    def gradients_of(self, node: Node) -> list[Any]:
        """Where `node` writes the gradients of its parameters: a Buffer each, or None for one that it does without.

        If other nodes have the parameter too, its gradients are added when `node` has written its own.
        """
        return [None if variable is None else self._gradient_of(variable) for variable in node.parameters]

    def _gradient_of(self, variable: Variable) -> Buffer:
        if variable not in self.differentiated:
            self.differentiated.add(variable)
            return self._place(self.parameters.gradients, variable)
        self._further.append((variable, self.steps.reals(variable.size)))
        return self._further[-1][1]

    def _place(self, flat: FloatArray, variable: Variable) -> Buffer:
        return self.steps.bind(flat).at(4 * self._offsets[variable])

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
        if dy.kind == "external" or storage.users > 1:  # not ours to write
            self._drop(self._gradients, value)
            storage = self._gradients[value] = Storage(self.steps.reals(count))
        self.steps.add("relu_backward", {"count": count}, dy, self.value(value), storage.buffer, work=count)
        return storage.buffer

    def take_mask(self, value: Value) -> Buffer | None:
        """Where `value` is, if a ReLU made it and the caller is all that reads it: the caller lets the gradient that it
        computes through that ReLU."""
        if value not in self._rectified or self._readers[value] > 1:
            return None
        self._masked.add(value)
        return self.value(value)

    def save(self, node: Node, workspace: Buffer) -> None:
        """Keep what the forward pass of `node` leaves for its backward pass."""
        self._saved[node] = workspace

    def prepared(self, node: Node) -> Buffer | None:
        """The parameters of `node` in the form that its kind prepared, if it did."""
        return self._prepared.get(node)

    def keep(self, node: Node, size: int) -> Buffer | None:
        """`size` bytes for what is made of the first parameter of `node`, zeros at first, which outlive the run and
        which all programs of the graph share; None in training, where parameters change with each step."""
        if self.training:
            return None
        key = (node.parameters[0], None if node.norm is None else node.norm.parameters[2], size)
        if key not in self._kept:
            self._kept[key] = aligned_zeros(size, np.uint8)
        return self.steps.bind(self._kept[key])

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
            self._release(storage)

    def _release(self, storage: Storage) -> None:
        storage.users -= 1
        if storage.users == 0:
            self.steps.release(storage.buffer)

    # -------------------------------------------------------------------------------------- parts of a program

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
        self._joined = set(filter(None, map(self._softmax_in, self.graph.outputs, losses)))
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

    @contextmanager
    def _adding(self, values: Sequence[Value]) -> Iterator[None]:
        """What is planned within it gives each of `values` a gradient, or adds to the one it has, and likewise for
        parameters."""
        before = {value: self._gradients.pop(value) for value in values if value in self._gradients}
        yield
        for value, storage in before.items():
            if value in self._gradients:
                count = self.n * value.size
                total = self.steps.reals(count)
                merge.add(self.steps, count, storage.buffer, self._gradients[value].buffer, total)
                self._release(storage)
                self._drop(self._gradients, value)
                storage = Storage(total)
            self._gradients[value] = storage
        for variable, part in self._further:
            place = self._place(self.parameters.gradients, variable)
            merge.add(self.steps, variable.size, place, part, place)
            self.steps.release(part)
        self._further.clear()

    def cut(self) -> list[Steps | PythonCall]:
        """What was planned since the last cut."""
        segments = [*self._segments, self.steps]
        self._segments, self.steps = [], self.steps.continued()
        return segments

    def _softmax_in(self, output: Value, loss: LossSpec | None) -> Node | None:
        """The node of `output`, if it is a softmax whose probabilities only a cross-entropy reads."""
        if loss is None or not loss.is_cross_entropy or loss.from_logits or self._readers[output] > 1:
            return None
        return next((node for node in self.nodes if node.output is output and node.kind == "softmax"), None)
