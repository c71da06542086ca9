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
    """A chain of nodes from `input` to `output`."""

    def __init__(self, input_shape: Sequence[int]) -> None:
        self.input = Value(tuple(int(size) for size in input_shape))
        self.nodes: list[Node] = []
        # The layer that is being lowered, by name: its nodes bear it.
        self.layer: str | None = None
        self._output: Value | None = None

    @property
    def output(self) -> Value:
        if self._output is None:
            raise StateError("the graph has no output yet; set graph.output.")
        return self._output

    @output.setter
    def output(self, value: Value) -> None:
        if value is not (self.nodes[-1].output if self.nodes else self.input):
            raise StateError("the output of a graph is the value of its last node.")
        self._output = value

    def add(self, kind: str, *inputs: Value, parameters: Sequence[Variable | None] = (), **settings: Any) -> Value:
        """Append a node of `kind`, a name in `convcore.program.nodes.NODES`, that reads `inputs`; returns its value.

        What a kind takes as `parameters` and `settings` its class says, and checks. If they do not fit, the graph
        stays as it was.
        """
        if kind not in NODES:
            raise NotSupportedError(f"nodes of kind {kind!r} are not implemented (supported: {', '.join(NODES)}).")
        if any(x is not (self.nodes[-1].output if self.nodes else self.input) for x in inputs):
            raise NotSupportedError(
                "a value is read by one node only: branches are not implemented (supported: a chain of layers)."
            )
        variables = tuple(parameters)
        shape = NODES[kind].infer(tuple(x.shape for x in inputs), variables, settings)
        layers = () if self.layer is None else (self.layer,)
        node = Node(kind, inputs, Value(shape), variables, settings, layers, len(self.nodes))
        self.nodes.append(node)
        return node.output
