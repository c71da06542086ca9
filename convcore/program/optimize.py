"""A graph made cheaper before it is lowered: borders that nobody reads are cut off, convolutions and pools become one
node.

Both are exact: what is left out contributes to no output and to no gradient.
"""

from __future__ import annotations

from dataclasses import replace

from convcore.plans import conv_pool
from convcore.program.graph import Graph
from convcore.program.nodes import NODES
from convcore.program.nodes.kind import Extent, Pixelwise, Windowed
from convcore.program.values import Node, Value
from convcore.shapes import Geometry

__all__ = ["optimize"]


def optimize(graph: Graph) -> list[Node]:
    """The nodes to lower, from graph.input to graph.output; values in between may be smaller than the graph's."""
    return _join(_trim(graph))


def _trim(graph: Graph) -> list[Node]:
    extents: dict[Value, Extent | None] = {graph.output: None}
    for node in reversed(graph.nodes):
        (x,), kind = node.inputs, NODES[node.kind]
        if not isinstance(kind, Pixelwise | Windowed):
            extents[node.output] = None
        extents[x] = kind.needed(node, extents[node.output]) if len(x.shape) == 3 else None
    extents[graph.input] = None  # a data set is read as it lies

    values = {graph.input: graph.input, graph.output: graph.output}
    trimmed: list[Node] = []
    for node in graph.nodes:
        x, extent = values[node.inputs[0]], extents[node.output]
        if node.output is not graph.output:
            whole = node.output.shape if extent is None else (*extent, *node.output.shape[2:])
            # A pixelwise node walks its input from end to end: it cannot leave out what the input still has.
            values[node.output] = Value(x.shape if isinstance(NODES[node.kind], Pixelwise) else whole)
        y = values[node.output]
        settings = dict(node.settings)
        if isinstance(NODES[node.kind], Windowed):
            g: Geometry = settings["geometry"]
            settings["geometry"] = g.resized(ih=x.shape[0], iw=x.shape[1], oh=y.shape[0], ow=y.shape[1])
        trimmed.append(replace(node, inputs=(x,), output=y, settings=settings))
    return trimmed


def _join(nodes: list[Node]) -> list[Node]:
    joined: list[Node] = []
    for node in nodes:
        before = joined[-1] if joined else None
        if before is not None and _is_epilogue(node, before):
            settings = before.settings | {"relu": True}
            joined[-1] = replace(before, output=node.output, settings=settings, layers=_layers(before, node))
            continue
        if node.kind == "max_pool2d":
            if before is not None and before.kind == "conv2d":
                g, pool = before.settings["geometry"], node.settings["geometry"]
                apart = conv_pool.reason_apart(g, pool)
                if apart is None:
                    settings = before.settings | {"pool": pool}
                    joined[-1] = replace(
                        before,
                        kind="conv2d_pool",
                        output=node.output,
                        settings=settings,
                        layers=_layers(before, node),
                    )
                    continue
                before.settings["note"] = f"not joined with the pool: {apart}"
                node.settings["note"] = f"not joined with the convolution: {apart}"
            else:
                node.settings["note"] = "no convolution right before the pool"
        joined.append(node)
    return joined


def _is_epilogue(node: Node, before: Node) -> bool:
    """Whether `node` is a plain ReLU that the kernel of `before` can apply to what it stores."""
    plain = (node.settings.get("negative_slope"), node.settings.get("threshold"), node.settings.get("max_value"))
    alone = before.kind in {"conv2d", "conv2d_pool", "dense"} and not before.settings["relu"]
    return node.kind == "relu" and plain == (0.0, 0.0, None) and alone


def _layers(before: Node, node: Node) -> tuple[str, ...]:
    return before.layers + tuple(layer for layer in node.layers if layer not in before.layers)
