"""A stand-in for the arrays that will flow between layers: only a shape and a dtype."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcore.layers.base import Layer

__all__ = ["SymbolicTensor"]


@dataclass(frozen=True)
class SymbolicTensor:
    """What a layer takes or gives: `shape` with the batch axis first (None where not known), `dtype` and `name`."""

    shape: tuple[int | None, ...]
    dtype: str
    name: str
    layer: Layer = field(repr=False, compare=False)
