"""Steps that lay out the windows of a convolution as a matrix, and lead back."""

from __future__ import annotations

from convcore.plans.steps import Buffer, Steps
from convcore.shapes import Geometry

__all__ = ["fold", "unfold"]


def unfold(steps: Steps, g: Geometry, x: Buffer, y: Buffer, *, first: bool) -> None:
    """y = the windows of x, one a row, or with channels `first` one a column."""
    steps.add("unfold_planes" if first else "unfold", g.fields(), x, y, work=_elements(g))


def fold(steps: Steps, g: Geometry, y: Buffer, x: Buffer, *, first: bool) -> None:
    """x = the sum of all elements of windows that were copied from it."""
    steps.add("fold_planes" if first else "fold", g.fields(), y, x, work=_elements(g))


def _elements(g: Geometry) -> int:
    return g.n * g.oh * g.ow * g.kh * g.kw * g.ic
