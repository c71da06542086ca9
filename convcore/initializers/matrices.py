"""Values that make a matrix orthogonal, or the identity."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.checks import real
from convcore.errors import ShapeError
from convcore.initializers.base import Initializer, RandomInitializer
from convcore.initializers.sampling import standard_normal

__all__ = ["Identity", "Orthogonal"]

FloatArray = npt.NDArray[np.float32]


class Orthogonal(RandomInitializer):
    """`gain` times a random orthogonal matrix (Saxe et al., 2013), all axes but the last taken as its rows.

    Its rows, or if there are fewer its columns, are of length `gain` and at right angles. ShapeError for fewer than two
    axes.

    >>> w = Orthogonal(seed=1)((3, 3))
    >>> bool(abs(w @ w.T - np.eye(3)).max() < 1e-6)
    True
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = real("gain", gain, -math.inf)

    def _values(self, shape: tuple[int, ...]) -> FloatArray:
        if len(shape) < 2:
            raise ShapeError(
                "The tensor to initialize must be at least two-dimensional. "
                f"Received: shape={shape} of rank {len(shape)}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        count, length = min(rows, columns), max(rows, columns)
        vectors = standard_normal(self._generator(), count * length).reshape(count, length)
        # Gram and Schmidt, each vector twice, in sums of a fixed order: a linear algebra library differs by machine.
        for place, vector in enumerate(vectors):
            earlier = vectors[:place]
            for _ in range(2):
                vector -= ((earlier * vector).sum(axis=1)[:, None] * earlier).sum(axis=0)
            vector /= math.sqrt(np.add.reduce(vector * vector))
        matrix = vectors if rows < columns else vectors.T
        return (self.gain * matrix).astype(np.float32).reshape(shape)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "gain": self.gain}


class Identity(Initializer):
    """`gain` times the identity; ShapeError for what is no matrix.

    >>> Identity(2.0)((2, 2))
    array([[2., 0.],
           [0., 2.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = real("gain", gain, -math.inf)

    def _values(self, shape: tuple[int, ...]) -> FloatArray:
        if len(shape) != 2:
            raise ShapeError(
                "Identity matrix initializer can only be used for 2D matrices. "
                f"Received: shape={shape} of rank {len(shape)}."
            )
        return self.gain * np.eye(*shape, dtype=np.float32)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}
