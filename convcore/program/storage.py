"""Memory that nodes ask for while a graph is lowered: parameters, values, gradients, what forward keeps."""

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
from convcore.plans.steps import Buffer, Steps
from convcore.program.graph import Graph
from convcore.program.optimize import count_readers, optimize
from convcore.program.values import Node, Shape, Value
from convcore.variables import FlatParameters, Variable

__all__ = ["Kept", "Memory", "Storage"]

FloatArray = npt.NDArray[np.float32]


@dataclass(slots=True)
class Storage:
    """The memory of a value, shared by the values that are reshapes of it."""

    buffer: Buffer
    users: int = 1


#: What programs of a graph keep from run to run: by variable, that of a normalization in it, and number of bytes.
Kept = dict[tuple["Variable | None", "Variable | None", int], npt.NDArray[np.uint8]]


class Memory:
    """Where what `graph` computes for batches of `n` is.

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
