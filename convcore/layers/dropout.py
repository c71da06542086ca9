"""Regularization by noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore.layers.base import Layer
from convcore.layers.seeds import SeedGenerator
from convcore.layers.validation import real, refuse_unsupported

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Dropout"]


class Dropout(Layer):
    """In training, sets a share `rate` of the elements to 0 and divides the others by ``1 - rate``; else nothing.

    The output has the input's shape. Without `seed`, one is drawn from the process's stream when it is first needed.

    >>> Dropout(0.5)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    _built_at_init = True

    def __init__(self, rate: float, noise_shape: None = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = real(
            rate,
            f"Invalid value received for argument `rate`. Expected a float value between 0 and 1. "
            f"Received: rate={rate}",
            minimum=0.0,
            maximum=1.0,
        )
        refuse_unsupported(type(self).__name__, noise_shape=noise_shape)
        self.seed_generator: SeedGenerator = SeedGenerator(seed)
        self.seed = self.seed_generator.seed

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("dropout", x, rate=self.rate, seed=self.seed_generator.drawn)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed, "noise_shape": None}
