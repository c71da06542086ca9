"""What a graph is made of: values, and the nodes that compute them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convcore.variables import Variable

__all__ = ["Node", "Shape", "Value"]

Shape = tuple[int, ...]


@dataclass(eq=False, repr=False, slots=True)
class Value:
    """What a node computes for each sample: an array of `shape`, the batch axis left out."""

    shape: Shape

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(eq=False, repr=False, slots=True)
class Node:
    """One operation: its kind, what it reads and computes, its parameters, its settings, the layers it is of, its
    number in the graph as that was written, the normalization that is folded into its parameters, if one is,
    whether it computes in training what it does in inference, and whether it draws in inference what it does in
    training."""

    kind: str
    inputs: tuple[Value, ...]
    output: Value
    parameters: tuple[Variable | None, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    index: int = 0
    norm: Node | None = None
    infers: bool = False
    draws: bool = False

    @property
    def random_key(self) -> int:
        """The key of the random numbers of a node with the setting `seed`: nodes of one seed still draw their own."""
        return int((self.settings["seed"] + self.index * 0x9E3779B97F4A7C15) % 2**63)
