"""What every loss has: a name, a specification for the engine, validation of targets, a value in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from convcore.checks import rebuild, refuse, shown, text
from convcore.errors import DTypeError, NotSupportedError, ShapeError

if TYPE_CHECKING:
    from convcore.program import LossSpec

__all__ = ["Loss", "real_array", "same_length"]

Array = npt.NDArray[Any]


class Loss:
    """The base of the losses: a name, a validation of targets and the specification for the engine."""

    kind: ClassVar[str]

    def __init__(self, name: str, reduction: str | None = "sum_over_batch_size", dtype: object = None) -> None:
        refuse(type(self).__name__, {"dtype": dtype}, {"dtype": "float32"})
        if reduction != "sum_over_batch_size":
            raise NotSupportedError(
                f"convcore does not implement reduction={shown(reduction)} of {type(self).__name__} "
                "(supported: 'sum_over_batch_size'; the functions of convcore.losses give a value per sample)."
            )
        self.name = text("name", name)
        self.reduction = reduction

    def spec(self) -> LossSpec:
        """The loss as the engine takes it."""
        from convcore.program import LossSpec

        return LossSpec(self.kind)

    def targets(self, y: npt.ArrayLike, output_shape: tuple[int, ...]) -> Array:
        """`y` validated against the model's output shape (without the batch axis), in the loss's own dtype."""
        raise NotImplementedError

    def per_sample(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> Array:
        """The loss of each sample, in NumPy."""
        raise NotImplementedError

    def __call__(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> np.float32:
        """The loss of a batch: the sum of the (weighted) values over their number."""
        values = self.per_sample(y_true, y_pred)
        if sample_weight is not None:
            weights = np.asarray(sample_weight, dtype=np.float64)
            values = values * weights.reshape(weights.shape + (1,) * (values.ndim - weights.ndim))
        return np.float32(values.mean())

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return rebuild(cls, config)


def real_array(y: npt.ArrayLike) -> Array:
    """`y` as an array of numbers with at least one axis."""
    try:
        array = np.asarray(y)
    except ValueError as error:
        raise ShapeError(f"y is ragged: its rows have different lengths ({error}).") from None
    if array.dtype.kind not in "biuf":
        raise DTypeError(f"y must hold real numbers. Received dtype {array.dtype}.")
    if array.ndim == 0:
        raise ShapeError("y must have one entry per sample. Received a single number.")
    return array


def same_length(targets: Array, predictions: Array) -> None:
    if len(targets) != len(predictions):
        raise ShapeError(f"y_true has {len(targets)} samples and y_pred {len(predictions)}.")
