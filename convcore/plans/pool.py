"""Steps of pooling and of its gradients."""

from __future__ import annotations

from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "global_max_pool2d",
    "max_pool2d",
    "max_pool2d_backward",
    "max_unpool2d",
    "max_unpool2d_backward",
]


def _taps(g: Geometry) -> int:
    return g.n * g.oh * g.ow * g.ic * g.kh * g.kw


def _inputs(g: Geometry) -> int:
    return g.n * g.ih * g.iw * g.ic


def max_pool2d(steps: Steps, g: Geometry, x: Buffer, y: Buffer, indices: Buffer | None, *, wide: bool = False) -> None:
    """y, and where each maximum lies if that is wanted: flat in its plane, int64 if `wide`, else int32."""
    steps.add("max_pool2d", {**g.fields(), "kind": int(wide)}, x, y, indices, work=_taps(g))


def max_pool2d_backward(
    steps: Steps, g: Geometry, dy: Buffer, indices: Buffer, dx: Buffer, *, wide: bool = False
) -> None:
    """dx: each gradient goes to the pixel whose maximum it is of."""
    steps.add("max_pool2d_backward", {**g.fields(), "kind": int(wide)}, dy, indices, dx, work=_inputs(g))


def max_unpool2d(steps: Steps, g: Geometry, x: Buffer, indices: Buffer, y: Buffer) -> None:
    """y: each element of x at its index (int64), zeros elsewhere; `g` leads from x's pixels to y's."""
    steps.add("max_unpool2d", g.fields(), x, indices, y, work=g.n * g.oh * g.ow * g.ic)


def max_unpool2d_backward(steps: Steps, g: Geometry, dy: Buffer, indices: Buffer, dx: Buffer) -> None:
    """dx: the gradient of each place that an element of x went to."""
    steps.add("max_unpool2d_backward", g.fields(), dy, indices, dx, work=_inputs(g))


def avg_pool2d(
    steps: Steps, g: Geometry, x: Buffer, y: Buffer, *, count_include_pad: bool = False, divisor: int = 0
) -> None:
    """y: sums over windows, divided by `divisor`, or if that is 0 by the number of pixels in the window."""
    fields = {**g.fields(), "kind": int(count_include_pad), "a": float(divisor)}
    steps.add("avg_pool2d", fields, x, y, work=_taps(g))


def avg_pool2d_backward(
    steps: Steps, g: Geometry, dy: Buffer, dx: Buffer, *, count_include_pad: bool = False, divisor: int = 0
) -> None:
    """dx: each gradient, divided as its window was, for all pixels of that window."""
    if g.ic == 1 and divisor == 0 and (g.pt, g.pl, g.oh, g.ow) == (0, 0, 1, 1) and (g.kh, g.kw) == (g.ih, g.iw):
        global_avg_pool2d_backward(steps, g, dy, dx)  # the same bits, many planes at once
        return
    fields = {**g.fields(), "kind": int(count_include_pad), "a": float(divisor)}
    steps.add("avg_pool2d_backward", fields, dy, dx, work=_taps(g))


def global_avg_pool2d(steps: Steps, g: Geometry, x: Buffer, y: Buffer) -> None:
    """y: the mean of each plane; `g` has the plane as its window."""
    steps.add("global_avg_pool2d", g.fields(), x, y, work=_inputs(g))


def global_avg_pool2d_backward(steps: Steps, g: Geometry, dy: Buffer, dx: Buffer) -> None:
    """dx: an equal share of its plane's gradient for each pixel."""
    steps.add("global_avg_pool2d_backward", g.fields(), dy, dx, work=_inputs(g))


def global_max_pool2d(
    steps: Steps, g: Geometry, x: Buffer, y: Buffer, indices: Buffer | None, *, wide: bool = False
) -> None:
    """As `max_pool2d` with the plane as its window; its gradient is `max_pool2d_backward`."""
    steps.add("global_max_pool2d", {**g.fields(), "kind": int(wide)}, x, y, indices, work=_inputs(g))
