"""A graph in NumPy and float64, node by node: the oracle of graphs with branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convcore.program import Graph
from convcore.program.values import Node
from tests import sliding
from tests.reference import Array


def _conv2d(node: Node, x: Array, kernel: Array, bias: Array | None) -> Array:
    g = node.settings["geometry"]
    pads = ((g.pt, g.pb), (g.pl, g.pr))
    y = sliding.conv2d(x, kernel, bias, stride=(g.sh, g.sw), pads=pads)
    return np.maximum(y, 0) if node.settings["relu"] else y


def _max_pool2d(node: Node, x: Array) -> Array:
    g = node.settings["geometry"]
    y, _ = sliding.max_pool2d(x, (g.kh, g.kw), stride=(g.sh, g.sw), pads=((0, 0), (0, 0)))
    return y


def _dense(node: Node, x: Array, kernel: Array, bias: Array | None) -> Array:
    y = x @ kernel + (0 if bias is None else bias)
    return np.maximum(y, 0) if node.settings["relu"] else y


KINDS: dict[str, Callable[..., Array]] = {
    "add": lambda node, x, y: x + y,
    "average": lambda node, x, y: (x + y) / node.settings["divisor"],
    "concatenate": lambda node, *xs: np.concatenate(xs, axis=1 + node.settings["axis"]),
    "conv2d": _conv2d,
    "dense": _dense,
    "max_pool2d": _max_pool2d,
    "maximum": lambda node, x, y: np.maximum(x, y),
    "minimum": lambda node, x, y: np.minimum(x, y),
    "multiply": lambda node, x, y: x * y,
    "relu": lambda node, x: np.maximum(x, 0),
    "repeat": lambda node, x: np.repeat(x, node.settings["times"], axis=1 + node.settings["axis"]),
    "reshape": lambda node, x: x.reshape(len(x), *node.output.shape),
    "subtract": lambda node, x, y: x - y,
    "tanh": lambda node, x: np.tanh(x),
}


def evaluate(graph: Graph, xs: Sequence[Array], parameters: dict[Any, Array]) -> list[Array]:
    """The outputs for the inputs `xs`, with the values of the variables in `parameters`."""
    values: dict[Any, Array] = dict(zip(graph.inputs, xs, strict=True))
    for node in graph.nodes:
        weights = [None if variable is None else parameters[variable] for variable in node.parameters]
        values[node.output] = KINDS[node.kind](node, *(values[x] for x in node.inputs), *weights)
    return [values[output] for output in graph.outputs]
