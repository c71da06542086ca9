"""A model as the engine sees it: values, and the nodes that compute them, whatever the batch size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.errors import NotSupportedError, StateError
from convcore.program.nodes import NODES
from convcore.program.values import Node, Value

if TYPE_CHECKING:
    from convcore.variables import Variable

__all__ = ["Graph"]


class Graph:
    """Nodes in the order in which they run, from `inputs` to `outputs`; any number of nodes may read a value.

    `input_shapes` are those of a sample, one for each input.
    """

    def __init__(self, *input_shapes: Sequence[int]) -> None:
        self.inputs = tuple(Value(tuple(int(size) for size in shape)) for shape in input_shapes)
        self.nodes: list[Node] = []
        # The layer that is being lowered, by name: its nodes bear it.
        self.layer: str | None = None
        # Whether the nodes of the layers that are being lowered compute in training what they do in inference.
        self.infers = False
        #: Whether the nodes that are added draw random numbers in inference, too.
        self.draws = False
        #: What activity regularizers look at, and each regularizer: a call by hand tells their penalties.
        self.penalized: list[tuple[Value, Any]] = []
        self._values = set(self.inputs)
        self._outputs: tuple[Value, ...] = ()

    @property
    def input(self) -> Value:
        """The input of a graph that has one."""
        (only,) = self.inputs
        return only

    @property
    def outputs(self) -> tuple[Value, ...]:
        """What the graph is there to compute, any of its values. StateError as long as there are none."""
        if not self._outputs:
            raise StateError("the graph has no output yet; set graph.outputs.")
        return self._outputs

    @outputs.setter
    def outputs(self, values: Sequence[Value]) -> None:
        self._require(values)
        self._outputs = tuple(values)

    @property
    def output(self) -> Value:
        """The output of a graph that has one."""
        (only,) = self.outputs
        return only

    @output.setter
    def output(self, value: Value) -> None:
        self.outputs = (value,)

    def add(self, kind: str, *inputs: Value, parameters: Sequence[Variable | None] = (), **settings: Any) -> Value:
        """Append a node of `kind`, a name in `convcore.program.nodes.NODES`, that reads `inputs`; returns its value.

        What a kind takes as `parameters` and `settings` its class says, and checks. If they do not fit, the graph
        stays as it was.
        """
        if kind not in NODES:
            raise NotSupportedError(f"nodes of kind {kind!r} are not implemented (supported: {', '.join(NODES)}).")
        self._require(inputs)
        variables = tuple(parameters)
        shape = NODES[kind].infer(tuple(x.shape for x in inputs), variables, settings)
        # A node reads a value once, so that each of its gradients has a place of its own.
        inputs = tuple(
            self._append("reshape", (x,), x.shape) if x in inputs[:number] else x for number, x in enumerate(inputs)
        )
        return self._append(kind, inputs, shape, variables, settings)

    def _append(
        self,
        kind: str,
        inputs: tuple[Value, ...],
        shape: Sequence[int],
        parameters: tuple[Variable | None, ...] = (),
        settings: dict[str, Any] | None = None,
    ) -> Value:
        layers = () if self.layer is None else (self.layer,)
        node = Node(
            kind,
            inputs,
            Value(tuple(shape)),
            parameters,
            settings or {},
            layers,
            len(self.nodes),
            infers=self.infers,
            draws=self.draws,
        )
        self.nodes.append(node)
        self._values.add(node.output)
        return node.output

    def _require(self, values: Sequence[Value]) -> None:
        if not self._values.issuperset(values):
            raise StateError("a value of another graph.")
