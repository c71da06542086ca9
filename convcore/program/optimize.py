"""A graph made cheaper before it is lowered: images are not copied to and fro, borders that nobody reads are cut off,
convolutions and pools become one node, what leads to no output is left out.

All are exact: what is left out contributes to no output and to no gradient. What is not is done if asked for: a batch
normalization in inference becomes part of the weights before it, whose products and sums then round elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from convcore.plans import conv_pool
from convcore.program.graph import Graph
from convcore.program.layouts import sink
from convcore.program.nodes import NODES
from convcore.program.nodes.kind import Extent, Pixelwise, Windowed
from convcore.program.values import Node, Value
from convcore.shapes import Geometry

__all__ = ["count_readers", "optimize"]


# A weight that is scaled costs about what this many pixels cost that are normalized. The size of the batch has no say:
# it must not change an image's bits.
PIXELS_A_WEIGHT = 16


def optimize(graph: Graph, *, fold: bool = False) -> list[Node]:
    """The nodes to lower, from graph.inputs to graph.outputs; values in between may be smaller than the graph's.

    With `fold`, for inference, batch normalizations are folded into the convolutions before them.
    """
    nodes = sink(graph.nodes, graph.outputs)
    nodes = _trim(graph, _fold(graph, nodes) if fold else nodes)
    return _join(nodes, count_readers(nodes, graph.outputs))


def count_readers(nodes: Sequence[Node], outputs: Sequence[Value]) -> Counter[Value]:
    """How often each value is read: by nodes, and as an output."""
    return Counter([*outputs, *(x for node in nodes for x in node.inputs)])


def _fold(graph: Graph, nodes: Sequence[Node]) -> list[Node]:
    """Each batch normalization right behind a convolution that nobody else reads becomes part of that."""
    readers = count_readers(nodes, graph.outputs)
    folded: dict[Value, Node] = {}
    for node in nodes:
        if node.kind == "batch_norm":
            before = folded.get(node.inputs[0])
            apart = "no convolution right before it"
            if before is not None and before.kind == "conv2d":
                g: Geometry = before.settings["geometry"]
                if before.settings["relu"] or before.norm is not None:
                    apart = "what is between them is no convolution"
                elif readers[before.output] > 1:
                    apart = "what is between them is read elsewhere too"
                elif g.oh * g.ow * PIXELS_A_WEIGHT < g.w_size // g.oc:
                    apart = "few pixels for so many weights"
                else:
                    _take(folded, before, node, norm=node)
                    continue
            node = replace(node, settings=node.settings | {"note": f"not folded into a convolution: {apart}"})
        folded[node.output] = node
    return list(folded.values())


def _extents(graph: Graph, nodes: Sequence[Node]) -> dict[Value, Extent | None]:
    """Rows and columns that are read of each value that is read; None for all."""
    # Outputs are given whole, and a data set is read as it lies.
    extents: dict[Value, Extent | None] = dict.fromkeys((*graph.outputs, *graph.inputs))
    for node in reversed(nodes):
        if node.output not in extents:
            continue
        kind = NODES[node.kind]
        if not isinstance(kind, Pixelwise | Windowed):
            extents[node.output] = None
        for x in node.inputs:
            needed = kind.needed(node, extents[node.output]) if len(x.shape) == 3 else None
            others = extents.get(x, (0, 0))
            if needed is None or others is None:
                extents[x] = None
            else:
                extents[x] = max(needed[0], others[0]), max(needed[1], others[1])
    return extents


def _trim(graph: Graph, nodes: Sequence[Node]) -> list[Node]:
    extents = _extents(graph, nodes)
    values = {value: value for value in (*graph.inputs, *graph.outputs)}
    trimmed: list[Node] = []
    for node in nodes:
        if node.output not in extents:
            continue
        inputs, extent, kind = tuple(values[x] for x in node.inputs), extents[node.output], NODES[node.kind]
        if node.output not in values:
            whole = node.output.shape if extent is None else (*extent, *node.output.shape[2:])
            # A pixelwise node walks its input from end to end: it cannot leave out what the input still has.
            values[node.output] = Value(inputs[0].shape if isinstance(kind, Pixelwise) else whole)
        y = values[node.output]
        settings = dict(node.settings)
        if isinstance(kind, Windowed):
            g: Geometry = settings["geometry"]
            x = inputs[0]
            settings["geometry"] = g.resized(ih=x.shape[0], iw=x.shape[1], oh=y.shape[0], ow=y.shape[1])
        trimmed.append(replace(node, inputs=inputs, output=y, settings=settings))
    return trimmed


def _join(nodes: list[Node], readers: Counter[Value]) -> list[Node]:
    """Only what nobody else reads is joined away."""
    joined: dict[Value, Node] = {}
    for each in nodes:
        node, before = each, joined.get(each.inputs[0])
        if before is not None and _is_padding(before) and node.kind == "conv2d" and readers[before.output] == 1:
            del joined[before.output]
            node, before = _with_padding(node, before), joined.get(before.inputs[0])
        if before is not None and _is_epilogue(node, before) and readers[before.output] == 1:
            _take(joined, before, node, relu=True)
            continue
        if node.kind == "max_pool2d":
            if before is not None and before.kind == "conv2d":
                g, pool = before.settings["geometry"], node.settings["geometry"]
                apart = conv_pool.reason_apart(g, pool)
                if readers[before.output] > 1:
                    apart = "what is between them is read elsewhere too"
                if apart is None:
                    _take(joined, before, node, "conv2d_pool", pool=pool)
                    continue
                before.settings["note"] = f"not joined with the pool: {apart}"
                node.settings["note"] = f"not joined with the convolution: {apart}"
            else:
                node.settings["note"] = "no convolution right before the pool"
        joined[node.output] = node
    return list(joined.values())


def _take(
    joined: dict[Value, Node],
    before: Node,
    node: Node,
    kind: str | None = None,
    norm: Node | None = None,
    **settings: object,
) -> None:
    """Make `before` and `node`, its only reader, one."""
    del joined[before.output]
    joined[node.output] = replace(
        before,
        kind=kind or before.kind,
        norm=norm or before.norm,
        output=node.output,
        settings=before.settings | settings,
        layers=before.layers + tuple(layer for layer in node.layers if layer not in before.layers),
    )


def _is_padding(node: Node) -> bool:
    """Whether `node` puts zeros around images with their channels last."""
    if node.kind != "frame" or node.settings["data_format"] != "channels_last" or len(node.output.shape) != 3:
        return False
    g: Geometry = node.settings["geometry"]
    return min(g.pt, g.pl, g.pb, g.pr) >= 0


def _with_padding(node: Node, frame: Node) -> Node:
    """The convolution `node` of what `frame`, right before it, makes of images: one that pads them itself."""
    g, added = node.settings["geometry"], frame.settings["geometry"]
    more = {side: getattr(g, side) + getattr(added, side) for side in ("pt", "pl", "pb", "pr")}
    padded = replace(g, ih=added.ih, iw=added.iw, **more)
    layers = frame.layers + tuple(layer for layer in node.layers if layer not in frame.layers)
    return replace(node, inputs=frame.inputs, settings=node.settings | {"geometry": padded}, layers=layers)


def _is_epilogue(node: Node, before: Node) -> bool:
    """Whether `node` is a plain ReLU that the kernel of `before` can apply to what it stores."""
    plain = (node.settings.get("negative_slope"), node.settings.get("threshold"), node.settings.get("max_value"))
    alone = before.kind in {"conv2d", "conv2d_pool", "dense"} and not before.settings["relu"]
    return node.kind == "relu" and plain == (0.0, 0.0, None) and alone
