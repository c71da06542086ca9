"""What a kind of node has to say of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcore.plans.steps import Buffer
from convcore.program.values import Node, Shape
from convcore.shapes import Geometry

if TYPE_CHECKING:
    from convcore.program.lowering import Lowering
    from convcore.variables import Variable

__all__ = ["Extent", "Kind", "Pixelwise", "Windowed"]

# Rows and columns of an image.
Extent = tuple[int, int]
Parameters = tuple["Variable | None", ...]


class Kind(ABC):
    """One kind of node; `NODES` has one instance of each, under its name. Shapes are those of a sample, without the
    batch axis."""

    #: What explain calls it where it is a step of its own that a kernel of another kind could do in passing.
    unfused: str | None = None
    #: Whether each element of the output is made of those in its place alone, whatever the order of the axes.
    elementwise = False

    @abstractmethod
    def infer(self, shapes: Sequence[Shape], parameters: Parameters, settings: dict[str, Any]) -> Shape:
        """The output's shape for inputs of `shapes`.

        Checks all three. `settings`, the keywords of `Graph.add`, become those of the node: what is resolved here,
        a geometry say, goes into them.
        """

    def prepare(self, low: Lowering, node: Node) -> Buffer | None:
        """Plan the steps that put the parameters into the form in which `forward` reads them, `low.prepared(node)`;
        None if it reads them as they are. They run before any image does, so that images can go through several nodes
        without a stop."""
        return None

    @abstractmethod
    def forward(self, low: Lowering, node: Node) -> None:
        """Plan the steps that compute node.output from node.inputs."""

    @abstractmethod
    def backward(self, low: Lowering, node: Node, wanted: tuple[bool, ...]) -> None:
        """Plan the steps from the gradient of node.output to those of the parameters and of each input that is
        `wanted`."""

    def needed(self, node: Node, output: Extent | None) -> Extent | None:
        """Rows and columns of an input that `output` rows and columns (None: all) need; None where all may be."""
        return None


class Pixelwise(Kind):
    """A kind that computes each pixel from the same pixel, whatever the size of the image."""

    def needed(self, node: Node, output: Extent | None) -> Extent | None:
        return output


class Windowed(Kind):
    """A kind that computes as many rows and columns, from as many, as its ``settings["geometry"]`` tells."""

    def needed(self, node: Node, output: Extent | None) -> Extent | None:
        g: Geometry = node.settings["geometry"]
        oh, ow = output or (g.oh, g.ow)
        rows = (oh - 1) * g.sh + (g.kh - 1) * g.dh + 1 - g.pt
        columns = (ow - 1) * g.sw + (g.kw - 1) * g.dw + 1 - g.pl
        return max(1, min(rows, g.ih)), max(1, min(columns, g.iw))
