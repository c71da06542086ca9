"""What every metric has, and the averages that all of them here are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from convcore.checks import rebuild, refuse, text
from convcore.errors import ShapeError

__all__ = ["Array", "Mean", "Metric", "ScoreMetric"]

Array = npt.NDArray[Any]


class Metric:
    """The base of the metrics. A subclass implements `update_state`, `result` and `reset_state`."""

    #: "up" where more is better, "down" where less is: what a callback's mode="auto" goes by.
    _direction: ClassVar[str | None] = None

    def __init__(self, dtype: object = None, name: str | None = None) -> None:
        refuse(type(self).__name__, {"dtype": dtype}, {"dtype": "float32"})
        self.name = type(self).__name__.lower() if name is None else text("name", name)

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
        return rebuild(cls, config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class Average(Metric):
    """A weighted mean of values that arrive batch by batch; 0.0 before the first."""

    def __init__(self, name: str | None, dtype: object = None) -> None:
        super().__init__(dtype, name)
        self.reset_state()

    def reset_state(self) -> None:
        self.total = 0.0
        self.count = 0.0

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0

    def _add(self, values: Array, sample_weight: npt.ArrayLike | None) -> None:
        if sample_weight is None:
            self.total += int(np.count_nonzero(values)) if values.dtype.kind == "b" else float(values.sum())
            self.count += values.size
            return
        weights = np.asarray(sample_weight, dtype=np.float64)
        if weights.shape != values.shape[: weights.ndim]:
            raise ShapeError(f"sample_weight of shape {weights.shape} does not fit values of shape {values.shape}.")
        if weights.ndim < values.ndim:
            values = values.mean(axis=tuple(range(weights.ndim, values.ndim)))
        self.total += float((values * weights).sum())
        self.count += float(weights.sum())


class Mean(Average):
    """The (weighted) mean of values of any shape; 0.0 before the first.

    >>> m = Mean()
    >>> m.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    >>> m.result()
    2.0
    """

    def __init__(self, name: str | None = "mean", dtype: object = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, values: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> None:
        self._add(np.asarray(values, dtype=np.float64), sample_weight)


class ScoreMetric(Average):
    """The mean of a score of targets and predictions: a subclass implements `score`."""

    def score(self, y_true: Array, y_pred: Array) -> Array:
        """The values to average: one for each sample, or for each element of one."""
        raise NotImplementedError

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        self._add(self.score(np.asarray(y_true), np.asarray(y_pred)), sample_weight)
