"""A penalty on vectors that are not at right angles to each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.checks import real
from convcore.errors import ParameterError, ShapeError
from convcore.plans.penalties import Cosines
from convcore.regularizers.base import Regularizer

__all__ = ["OrthogonalRegularizer"]


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean magnitude of the cosine between two rows of a matrix, or its columns by `mode`.

    >>> OrthogonalRegularizer(0.5)([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    np.float32(0.16666667)
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = real("factor", factor)
        if mode not in ("rows", "columns"):
            raise ParameterError(
                f'Invalid value for argument `mode`. Expected one of {{"rows", "columns"}}. Received: mode={mode}'
            )
        self.mode = mode

    @property
    def plan(self) -> Cosines:
        return Cosines(self.factor, self.mode == "rows")

    def __call__(self, x: npt.ArrayLike) -> np.float32:
        values = np.asarray(x, dtype=np.float64)
        if values.ndim != 2:
            raise ShapeError(f"Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape={values.shape}")
        rows = values if self.mode == "rows" else values.T
        lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
        unit = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
        cosines = np.abs(unit @ unit.T)
        pairs = len(rows) * (len(rows) - 1.0)
        return np.float32(self.factor * (cosines.sum() - np.trace(cosines)) / pairs if pairs else 0.0)

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}
