"""Mean squared error."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from convcore.errors import ShapeError
from convcore.losses.base import Array, Loss, real_array, same_length

__all__ = ["MeanSquaredError", "mean_squared_error"]


class MeanSquaredError(Loss):
    """Mean of the squared differences over all elements; targets have the shape of the output.

    >>> float(MeanSquaredError()([[1.0, 2.0]], [[0.0, 0.0]]))
    2.5
    """

    kind: ClassVar[str] = "mean_squared_error"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_squared_error", dtype: object = None
    ) -> None:
        super().__init__(name, reduction, dtype)

    def targets(self, y: npt.ArrayLike, output_shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        targets = real_array(y)
        if (*targets.shape[1:], 1) == output_shape:
            targets = targets[..., np.newaxis]
        if targets.shape[1:] != output_shape:
            raise ShapeError(
                f"{self.name} takes targets of the output's shape (n, {', '.join(map(str, output_shape))}). "
                f"Received y of shape {targets.shape}."
            )
        return targets.astype(np.float32, copy=False)

    def per_sample(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
        return mean_squared_error(y_true, y_pred)


def mean_squared_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
    """Mean over the last axis of the squared difference: (n, ..., d) gives (n, ...).

    >>> mean_squared_error([[0.0, 2.0]], [[0.0, 0.0]]).tolist()
    [2.0]
    """
    predictions = np.asarray(y_pred, dtype=np.float64)
    targets = MeanSquaredError().targets(y_true, predictions.shape[1:]).astype(np.float64)
    same_length(targets, predictions)
    result: Array = np.square(predictions - targets).mean(axis=-1)
    return result
