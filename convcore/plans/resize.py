"""Steps that put images into a frame of zeros, cut their borders off, and make them larger."""

from __future__ import annotations

from dataclasses import replace

from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry

__all__ = ["INTERPOLATIONS", "frame", "frame_backward", "upsample", "upsample_backward"]

#: How pixels between pixels get their colour, and the kernel that does it.
INTERPOLATIONS = {"nearest": "upsample", "bilinear": "upsample_bilinear"}


def frame(steps: Steps, g: Geometry, x: Buffer, y: Buffer) -> None:
    """y = x with rows and columns of zeros around it, or without some of its own."""
    steps.add("frame", g.fields(), x, y, work=_outputs(g))


def frame_backward(steps: Steps, g: Geometry, dy: Buffer, dx: Buffer) -> None:
    """dx: what is left of dy without its frame, with zeros where y has no pixel of x."""
    back = replace(g, ih=g.oh, iw=g.ow, oh=g.ih, ow=g.iw, pt=-g.pt, pl=-g.pl, pb=-g.pb, pr=-g.pr)
    frame(steps, back, dy, dx)


def upsample(steps: Steps, g: Geometry, x: Buffer, y: Buffer, interpolation: str) -> None:
    """y: for each pixel of x, kh x kw of them."""
    steps.add(INTERPOLATIONS[interpolation], g.fields(), x, y, work=_outputs(g))


def upsample_backward(steps: Steps, g: Geometry, dy: Buffer, dx: Buffer, interpolation: str) -> None:
    """dx: the sum of all dy in which a pixel has a part, times that part."""
    steps.add(f"{INTERPOLATIONS[interpolation]}_backward", g.fields(), dy, dx, work=_outputs(g))


def _outputs(g: Geometry) -> int:
    return g.n * g.oh * g.ow * g.oc
