"""The data of one fit, evaluate or predict call: checked and converted once, read batch by batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_array, plain
from convcore.errors import ShapeError

__all__ = ["Feed"]

Array = npt.NDArray[Any]

# The element types that the engine converts while it gathers a batch, and their numbers there.
GATHERED = {np.dtype(np.uint8): 0, np.dtype(np.float32): 1, np.dtype(np.float64): 2}


class Feed:
    """`x` (n, ...) and, for training, targets `y` and weights, one row a sample.

    uint8, float32 and float64 arrays are kept as they are, and a batch is converted when it is gathered; other real
    dtypes become float32 once. Integer targets become int32 class ids, others float32; `kernel_y` are the targets as
    the loss has them, where that is not `y`. `order` says which sample
    comes when in training: a permutation of ``range(size)``, to be shuffled in place.
    """

    def __init__(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike | None = None,
        sample_weight: npt.ArrayLike | None = None,
        kernel_y: npt.ArrayLike | None = None,
    ) -> None:
        images = as_array("x", x)
        if images.ndim < 1:
            raise ShapeError("x: expected one row per sample, got a single number.")
        kept = images.dtype.newbyteorder("=")
        self.x: Array = plain("x", images, kept if kept in GATHERED else np.float32)
        self.size = len(self.x)
        self.y: Array | None = None if y is None else self._rows("y", y)
        self.sample_weight: Array | None = None
        self.kernel_y: Array | None = None
        self.kernel_weight: Array | None = None
        if self.y is not None:
            encoded = self.y if kernel_y is None else self._rows("y", kernel_y)
            self.kernel_y = plain("y", encoded, np.int32 if encoded.dtype.kind in "iub" else np.float32)
        if sample_weight is not None:
            self.sample_weight = self._rows("sample_weight", sample_weight)
            self.kernel_weight = plain("sample_weight", self.sample_weight, np.float32)
            if self.kernel_weight.shape != (self.size,):
                raise ShapeError(f"sample_weight: expected shape ({self.size},), got {self.kernel_weight.shape}.")
        self.order = np.arange(self.size, dtype=np.int64)

    def _rows(self, name: str, value: npt.ArrayLike) -> Array:
        array = as_array(name, value)
        if array.ndim < 1 or len(array) != self.size:
            raise ShapeError(f"x has {self.size} samples but {name} has shape {array.shape}.")
        return array

    @property
    def kind(self) -> int:
        """The engine's number of x's dtype."""
        return GATHERED[self.x.dtype]

    def targets(self, start: int, count: int) -> Array:
        """The targets of the batch that begins at `start`, in order."""
        if self.y is None:
            raise ShapeError("there are no targets.")
        return self.y[self.order[start : start + count]]
