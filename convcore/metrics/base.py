"""What every metric has, and the mean that all of them here are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from convcore.checks import refuse
from convcore.errors import ShapeError

__all__ = ["Array", "Mean", "MeanMetricWrapper", "Metric"]

Array = npt.NDArray[Any]


class Metric:
    """The base of the metrics. A subclass implements `update_state`, `result` and `reset_state`."""

    #: "up" where more is better, "down" where less is: what a callback's mode="auto" goes by.
    _direction: ClassVar[str | None] = None

    def __init__(self, dtype: object = None, name: str | None = None) -> None:
        refuse(type(self).__name__, {"dtype": dtype}, {"dtype": "float32"})
        self.name = name if name is not None else type(self).__name__.lower()

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take the values of one batch into account."""
        raise NotImplementedError

    def result(self) -> float:
        """The metric over everything since `reset_state`."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Forget all batches."""
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> float:
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class Mean(Metric):
    """The (weighted) mean of values of any shape; 0.0 before the first.

    >>> m = Mean()
    >>> m.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    >>> m.result()
    2.0
    """

    def __init__(self, name: str | None = "mean", dtype: object = None) -> None:
        super().__init__(dtype, name)
        self.reset_state()

    def reset_state(self) -> None:
        self.total = 0.0
        self.count = 0.0

    def update_state(self, values: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> None:
        array = np.asarray(values, dtype=np.float64)
        if sample_weight is None:
            self.total += float(array.sum())
            self.count += array.size
            return
        weights = np.asarray(sample_weight, dtype=np.float64)
        if weights.shape != array.shape[: weights.ndim]:
            raise ShapeError(f"sample_weight of shape {weights.shape} does not fit values of shape {array.shape}.")
        if weights.ndim < array.ndim:
            array = array.mean(axis=tuple(range(weights.ndim, array.ndim)))
        self.total += float((array * weights).sum())
        self.count += float(weights.sum())

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0


class MeanMetricWrapper(Mean):
    """The mean of a function of targets and predictions: what all metrics below are."""

    def score(self, y_true: Array, y_pred: Array) -> Array:
        """One value per sample, or a count-weighted array of them."""
        raise NotImplementedError

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        values = self.score(np.asarray(y_true), np.asarray(y_pred))
        if sample_weight is None and values.dtype.kind == "b":
            self.total += int(np.count_nonzero(values))
            self.count += values.size
            return
        super().update_state(values, sample_weight)
