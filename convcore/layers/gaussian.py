"""Regularization by normal noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore.layers.base import Layer
from convcore.layers.dropout import rate_of
from convcore.layers.seeds import SeedGenerator
from convcore.layers.validation import real

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["GaussianDropout", "GaussianNoise"]


class GaussianNoise(Layer):
    """In training, adds normal noise of mean 0 and standard deviation `stddev`; else nothing.

    The output has the input's shape. Without `seed`, one is drawn from the process's stream when it is first needed.

    >>> GaussianNoise(0.5)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    _built_at_init = True
    _draws_if_told = True

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = real(
            stddev,
            f"Invalid value received for argument `stddev`. Expected a float value between 0 and 1. "
            f"Received: stddev={stddev}",
            minimum=0.0,
            maximum=1.0,
        )
        self.seed_generator: SeedGenerator = SeedGenerator(seed)
        self.seed = self.seed_generator.seed

    def lower(self, graph: Graph, x: Value) -> Value:
        if self.stddev == 0:
            return x
        return graph.add("gaussian_noise", x, stddev=self.stddev, seed=self.seed_generator.drawn)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}


class GaussianDropout(Layer):
    """In training, multiplies by normal noise of mean 1 and variance ``rate / (1 - rate)`` (Srivastava et al., 2014);
    else nothing.

    The output has the input's shape. Without `seed`, one is drawn from the process's stream when it is first needed.
    ParameterError in training with a rate of 1.

    >>> GaussianDropout(0.5)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    _built_at_init = True
    _draws_if_told = True

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate_of(rate)
        self.seed_generator: SeedGenerator = SeedGenerator(seed)
        self.seed = self.seed_generator.seed

    def lower(self, graph: Graph, x: Value) -> Value:
        if self.rate == 0:
            return x
        return graph.add("gaussian_dropout", x, rate=self.rate, seed=self.seed_generator.drawn)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
