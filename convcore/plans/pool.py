"""Steps of pooling and of its gradient."""

from __future__ import annotations

from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry

__all__ = ["max_pool2d", "max_pool2d_backward"]


def max_pool2d(steps: Steps, g: Geometry, x: Buffer, y: Buffer, indices: Buffer | None) -> None:
    """y, and where each maximum lies (int32, flat in its plane) if that is wanted."""
    steps.add("max_pool2d", g.fields(), x, y, indices, work=g.n * g.oh * g.ow * g.ic * g.kh * g.kw)


def max_pool2d_backward(steps: Steps, g: Geometry, dy: Buffer, indices: Buffer, dx: Buffer) -> None:
    """dx: each gradient goes to the pixel whose maximum it is of."""
    steps.add("max_pool2d_backward", g.fields(), dy, indices, dx, work=g.n * g.ih * g.iw * g.ic)
