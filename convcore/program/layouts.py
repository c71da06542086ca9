"""Copies that a graph does without: axes brought into another order and back, shapes that change and change back.

A permute goes down through the nodes behind it that work as well on the order before it, until it meets its inverse or
a reader that needs its order. So images whose channels come first are copied where they enter a chain of convolutions,
pools and what works element by element, and where they leave it. Values are the same to the bit, but averages, whose
sums may run in another order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from convcore.program.nodes import NODES
from convcore.program.values import Node, Shape, Value
from convcore.shapes import Geometry

__all__ = ["sink"]

#: What brings the channels of samples to the front, by the number of their axes, and back.
FIRST = {3: (2, 0, 1), 2: (1, 0)}
LAST = {3: (1, 2, 0), 2: (1, 0)}
#: Kinds that read planes, and those that compute the same of images or lines whose channels come last.
OF_PLANES = {
    "avg_pool_planes": "avg_pool2d",
    "frame": "frame",
    "max_pool_planes": "max_pool2d",
    "upsample": "upsample",
    "global_avg_pool": "global_avg_pool",
    "global_max_pool": "global_max_pool",
}
GLOBAL = frozenset({"global_avg_pool", "global_max_pool"})


def sink(nodes: Sequence[Node], outputs: Sequence[Value]) -> list[Node]:
    """Nodes that compute the same `outputs` as `nodes` and copy no more."""
    sinking = _Sinking(nodes, outputs)
    for node in nodes:
        sinking.add(node)
    sunk = _read(sinking.nodes, outputs)
    return sunk if _copied(sunk) <= _copied(_read(nodes, outputs)) else list(nodes)


@dataclass(frozen=True, slots=True)
class _View:
    """The elements of `source`, its axes in `order`, or, if that is None, in another shape."""

    source: Value
    order: Shape | None


class _Sinking:
    """The nodes so far, and which values are views of others or the same as others."""

    def __init__(self, nodes: Sequence[Node], outputs: Sequence[Value]) -> None:
        self.nodes: list[Node] = []
        self._outputs = set(outputs)
        self._readers = Counter([*outputs, *(x for node in nodes for x in node.inputs)])
        self._makers: dict[Value, Node] = {}
        self._views: dict[Value, _View] = {}
        self._same: dict[Value, Value] = {}

    def add(self, node: Node) -> None:
        node = replace(node, inputs=tuple(self._same.get(x, x) for x in node.inputs))
        if node.kind in {"permute", "reshape"}:
            self._add_view(node)
            return
        views = [self._views.get(x) for x in node.inputs]
        view = views[0] if views else None
        if view is not None and all(_alike(view, each) for each in views) and _minds_no_view(node, view):
            self._move(node, view.order, tuple(each.source for each in views if each is not None))
        else:
            self._append(node)

    def _append(self, node: Node) -> None:
        """Each input once, so that each of its gradients has a place of its own."""
        inputs = list(node.inputs)
        for number, x in enumerate(inputs):
            if x in inputs[:number]:
                inputs[number] = Value(x.shape)
                self._append(Node("reshape", (x,), inputs[number], layers=node.layers, index=node.index))
        self.nodes.append(replace(node, inputs=tuple(inputs)))
        self._makers[node.output] = self.nodes[-1]

    def _add_view(self, node: Node) -> None:
        (x,), settings = node.inputs, dict(node.settings)
        view, order = self._views.get(x), settings.get("order")
        source = x
        if view is not None and (view.order is None) == (order is None):
            source = view.source
            if order is not None and view.order is not None:
                order = settings["order"] = tuple(view.order[axis] for axis in order)
        if source.shape == node.output.shape if order is None else list(order) == sorted(order):
            self._same[node.output] = source
            self._readers[source] += self._readers[node.output] - 1
            if node.output in self._outputs:
                self._append(replace(node, kind="reshape", inputs=(source,), settings={}))
        elif source is x and self._is_framed(source, order):
            self._permute_before_frame(node, self._makers[source])
        else:
            self._append(replace(node, inputs=(source,), settings=settings))
            self._views[node.output] = _View(source, order)

    def _move(self, node: Node, order: Shape | None, sources: tuple[Value, ...]) -> None:
        """`node` of the sources, then what made its inputs of them."""
        y = node.output
        if node.kind in GLOBAL:  # one number a plane: they stand side by side in either order
            self._append(replace(node, inputs=sources, **_last(node, sources[0].shape[-1])))
            return
        if order is None or NODES[node.kind].elementwise:
            moved = replace(node, inputs=sources, output=Value(sources[0].shape))
        elif node.kind == "concatenate":
            shape = tuple(y.shape[order.index(axis)] for axis in range(len(order)))
            settings = node.settings | {"axis": order[node.settings["axis"]]}
            moved = replace(node, inputs=sources, output=Value(shape), settings=settings)
        else:
            moved = self._of_last(node, sources[0])
        self.add(moved)
        kind, settings = ("reshape", {}) if order is None else ("permute", {"order": order})
        self.add(Node(kind, (moved.output,), y, settings=settings, layers=node.layers, index=node.index))

    def _of_last(self, node: Node, x: Value) -> Node:
        """`node`, of planes, as one of x with channels last."""
        shape = tuple(node.output.shape[axis] for axis in LAST[len(x.shape)])
        pools_lines = len(x.shape) == 2 and node.kind != "frame"
        if not pools_lines:
            return replace(node, inputs=(x,), output=Value(shape), **_last(node, x.shape[-1]))
        image, pooled = Value((1, *x.shape)), Value((1, *shape))
        self.add(Node("reshape", (x,), image, layers=node.layers, index=node.index))
        self.add(replace(node, inputs=(image,), output=pooled, **_last(node, x.shape[-1])))
        return Node("reshape", (pooled,), Value(shape), layers=node.layers, index=node.index)

    def _is_framed(self, x: Value, order: Shape | None) -> bool:
        """Whether x is planes in a frame of zeros that only a permute reads, which puts their channels last."""
        maker = self._makers.get(x)
        if maker is None or maker.kind != "frame" or order != LAST.get(len(x.shape)) or self._readers[x] > 1:
            return False
        g: Geometry = maker.settings["geometry"]
        return _reads_planes(maker, maker.inputs[0]) and min(g.pt, g.pl, g.pb, g.pr) >= 0

    def _permute_before_frame(self, node: Node, frame: Node) -> None:
        """Then it is less that is copied, and a convolution behind the frame may have the zeros as its padding."""
        self.nodes.remove(frame)
        (x,), order = frame.inputs, node.settings["order"]
        last = Value(tuple(x.shape[axis] for axis in order))
        self.add(replace(node, inputs=(x,), output=last))
        self.add(replace(frame, inputs=(last,), output=node.output, **_last(frame, x.shape[0])))


def _alike(view: _View, other: _View | None) -> bool:
    if other is None or other.order != view.order:
        return False
    return view.order is not None or other.source.shape == view.source.shape


def _minds_no_view(node: Node, view: _View) -> bool:
    """Whether `node` can be computed of the source of its inputs."""
    if NODES[node.kind].elementwise or (node.kind == "concatenate" and view.order is not None):
        return True
    planes = view.order is not None and view.order == FIRST.get(len(view.order))
    return planes and node.kind in OF_PLANES and _reads_planes(node, node.inputs[0])


def _reads_planes(node: Node, x: Value) -> bool:
    """Whether `node` reads the channels of x, its first axis, as a batch of planes."""
    g: Geometry = node.settings["geometry"]
    return (g.n, g.ic) == (x.shape[0], 1) and node.settings.get("data_format", "channels_first") == "channels_first"


def _last(node: Node, channels: int) -> dict[str, Any]:
    """What changes in a node of planes that is to read images or lines with `channels` last."""
    settings = node.settings | {"geometry": replace(node.settings["geometry"], n=1, ic=channels, oc=channels)}
    settings |= {"data_format": "channels_last"} if "data_format" in settings else {}
    return {"kind": OF_PLANES[node.kind], "settings": settings}


def _read(nodes: Sequence[Node], outputs: Sequence[Value]) -> list[Node]:
    """Those on the way to the outputs."""
    read, found = set(outputs), []
    for node in reversed(nodes):
        if node.output in read:
            read.update(node.inputs)
            found.append(node)
    return found[::-1]


def _copied(nodes: Sequence[Node]) -> int:
    """Elements that permutes copy."""
    return sum(node.output.size for node in nodes if node.kind == "permute")
