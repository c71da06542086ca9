"""Regularization by noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore import random
from convcore.errors import ParameterError
from convcore.layers.base import Layer
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
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63):
            raise ParameterError(f"`seed` must be None or an integer from 0 to 2**63 - 1. Received: seed={seed!r}")
        self.seed = seed
        self._drawn_seed = seed

    def lower(self, graph: Graph, x: Value) -> Value:
        if self._drawn_seed is None:
            self._drawn_seed = random.next_seed()
        return graph.add("dropout", x, rate=self.rate, seed=self._drawn_seed)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed, "noise_shape": None}
