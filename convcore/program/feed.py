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

    A graph of several inputs or outputs takes tuples of arrays; an output without a loss may have None among the
    targets. Weights are one a sample, or with further axes more: each is that of as many rows of the output.
    uint8, float32 and float64 arrays are kept as they are, and a batch is converted when it is gathered; other real
    dtypes become float32 once. Integer targets become int32 class ids, others float32; `kernel_y` are the targets as
    the loss has them, where that is not `y`. `order` says which sample
    comes when in training: a permutation of ``range(size)``, to be shuffled in place.
    """

    def __init__(self, x: Any, y: Any = None, sample_weight: Any = None, kernel_y: Any = None) -> None:
        #: The inputs, the targets (none without `y`) and their weights, as the engine reads them beside them.
        self.xs = tuple(self._inputs(each) for each in (x if isinstance(x, tuple) else (x,)))
        self.size = len(self.xs[0])
        for each in self.xs[1:]:
            self._rows("x", each)
        given = () if y is None else y if isinstance(y, tuple) else (y,)
        self.ys: tuple[Array | None, ...] = tuple(None if each is None else self._rows("y", each) for each in given)
        weights = sample_weight if isinstance(sample_weight, tuple) else (sample_weight,) * len(given)
        self.sample_weights: tuple[Array | None, ...] = tuple(
            None if each is None else self._rows("sample_weight", each) for each in weights
        )
        encoded = self.ys if kernel_y is None else kernel_y if isinstance(kernel_y, tuple) else (kernel_y,)
        self.kernel_ys = tuple(None if each is None else _as_targets(self._rows("y", each)) for each in encoded)
        self.kernel_weights = tuple(None if each is None else self._as_weights(each) for each in self.sample_weights)
        self.order = np.arange(self.size, dtype=np.int64)

    def _inputs(self, value: npt.ArrayLike) -> Array:
        images = as_array("x", value)
        if images.ndim < 1:
            raise ShapeError("x: expected one row per sample, got a single number.")
        kept = images.dtype.newbyteorder("=")
        return plain("x", images, kept if kept in GATHERED else np.float32)

    def _rows(self, name: str, value: npt.ArrayLike) -> Array:
        array = as_array(name, value)
        if array.ndim < 1 or len(array) != self.size:
            raise ShapeError(f"x has {self.size} samples but {name} has shape {array.shape}.")
        return array

    def _as_weights(self, value: Array) -> Array:
        weights = plain("sample_weight", value, np.float32)
        if weights.ndim < 1 or len(weights) != self.size:
            raise ShapeError(f"sample_weight: expected shape ({self.size}, ...), got {weights.shape}.")
        return weights

    @property
    def x(self) -> Array:
        """The input of a graph that has one."""
        (only,) = self.xs
        return only

    @property
    def y(self) -> Array | None:
        """The targets of a graph that has one output, or None."""
        return self.ys[0] if len(self.ys) == 1 else None

    @property
    def sample_weight(self) -> Array | None:
        """The weights of a graph that has one output, or None."""
        return self.sample_weights[0] if len(self.sample_weights) == 1 else None

    @property
    def kinds(self) -> tuple[int, ...]:
        """The engine's numbers of the inputs' dtypes."""
        return tuple(GATHERED[x.dtype] for x in self.xs)

    def targets(self, start: int, count: int, output: int = 0) -> Array:
        """The targets of one output for the batch that begins at `start`, in order."""
        targets = self.ys[output] if self.ys else None
        if targets is None:
            raise ShapeError("there are no targets.")
        return targets[self.order[start : start + count]]

    def labels(self, start: int, count: int) -> tuple[list[Array | None], list[Array | None]]:
        """Targets and weights of each output, None where there are none, for the batch that begins at `start`."""
        batch = self.order[start : start + count]
        targets = [None if each is None else each[batch] for each in self.ys]
        return targets, [None if each is None else each[batch] for each in self.sample_weights]


def _as_targets(value: Array) -> Array:
    is_id = value.dtype.kind in "iub"
    return plain("y", value, np.int32 if is_id else np.float32)
