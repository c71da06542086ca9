"""What every metric has, and the averages that all of them here are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from convcore import initializers
from convcore.checks import rebuild, refuse, text, whole
from convcore.errors import NotSupportedError, ParameterError, ShapeError
from convcore.metrics.state import State
from convcore.naming import to_snake_case
from convcore.shapes import integer

__all__ = ["Array", "Mean", "MeanMetricWrapper", "Metric", "ScoreMetric", "Sum", "sample_weights"]

Array = npt.NDArray[Any]


class Metric:
    """The base of the metrics.

    One's own subclasses it: `update_state` and `result` calculate in NumPy with what ``self.add_weight(name=...)``
    made in the constructor, and `reset_state` sets that to zero.
    """

    #: "up" where more is better, "down" where less is: what a callback's mode="auto" goes by.
    _direction: ClassVar[str | None] = None

    def __init__(self, dtype: object = None, name: str | None = None) -> None:
        refuse(type(self).__name__, {"dtype": dtype}, {"dtype": "float32"})
        self._dtype = "float32"
        self.name = to_snake_case(type(self).__name__) if name is None else text("name", name)
        self._states: list[State] = []

    def add_variable(
        self,
        shape: Sequence[int] = (),
        initializer: Any = None,
        dtype: object = None,
        aggregation: object = "sum",
        name: str | None = None,
    ) -> State:
        """Make a variable, numbers of `shape`, for what the metric has seen; `initializer` is "zeros" by default.

        Whole numbers are kept exactly in float32 too; those of a `dtype` such as "int32" lose their fractions.
        """
        is_whole = whole(dtype) not in (None, "bool")
        refuse(
            type(self).__name__,
            {"dtype": None if is_whole else dtype, "aggregation": aggregation},
            {"dtype": "float32", "aggregation": "sum"},
        )
        if not hasattr(self, "_states"):
            raise ParameterError(
                f"You forgot to call `super().__init__()` in the `__init__()` method of {type(self).__name__}, before "
                "its variables."
            )
        dims = tuple(integer("shape", size, 0) for size in shape)
        value = initializers.get("zeros" if initializer is None else initializer)(dims)
        self._states.append(State(dims, value, name or f"variable_{len(self._states)}", is_whole=is_whole))
        return self._states[-1]

    def add_weight(
        self, shape: Sequence[int] = (), initializer: Any = None, dtype: object = None, name: str | None = None
    ) -> State:
        """`add_variable` by its other name."""
        return self.add_variable(shape, initializer, dtype, name=name)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take the values of one batch into account."""
        raise NotImplementedError

    def result(self) -> Any:
        """The metric over everything since `reset_state`: a number, or an array of them."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Forget all batches: every variable is zero again."""
        for state in self._states:
            state.assign(np.zeros(state.shape))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    @property
    def dtype(self) -> str:
        """The dtype of the result: always "float32"."""
        return self._dtype

    @property
    def variables(self) -> list[Any]:
        """The state, as far as a subclass shows it."""
        return list(self._states)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self._dtype}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        return rebuild(cls, config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def sample_weights(sample_weight: npt.ArrayLike, values: Array) -> Array:
    """`sample_weight` in float64, of the first axes of `values`; a last axis of 1 that these lack is dropped.

    Weights of all axes may have 1 element where `values` have more: it counts for all of them.
    """
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    if weights.ndim == values.ndim > 1 and all(a in {1, b} for a, b in zip(weights.shape, values.shape, strict=True)):
        weights = np.broadcast_to(weights, values.shape)
    if weights.shape != values.shape[: weights.ndim]:
        raise ShapeError(f"sample_weight of shape {weights.shape} does not fit values of shape {values.shape}.")
    return weights


class Average(Metric):
    """A weighted mean of values that arrive batch by batch; 0.0 before the first."""

    def __init__(self, name: str | None, dtype: object = None) -> None:
        super().__init__(dtype, name)
        self.reset_state()

    def reset_state(self) -> None:
        self.total = 0.0
        self.count = 0.0

    @property
    def variables(self) -> list[Any]:
        """The weighted sum, and the sum of the weights."""
        return [self.total, self.count]

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0

    def _add(self, values: Array, sample_weight: npt.ArrayLike | None) -> None:
        if sample_weight is None:
            self.total += int(np.count_nonzero(values)) if values.dtype.kind == "b" else float(values.sum())
            self.count += values.size
            return
        weights = sample_weights(sample_weight, values)
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


class Sum(Metric):
    """The (weighted) sum of values of any shape.

    >>> m = Sum()
    >>> m.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    >>> m.result()
    4.0
    """

    def __init__(self, name: str | None = "sum", dtype: object = None) -> None:
        super().__init__(dtype, name)
        self.reset_state()

    def reset_state(self) -> None:
        self.total = 0.0

    @property
    def variables(self) -> list[Any]:
        """The sum."""
        return [self.total]

    def result(self) -> float:
        return self.total

    def update_state(self, values: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> None:
        array = np.asarray(values, dtype=np.float64)
        if sample_weight is not None:
            weights = sample_weights(sample_weight, array)
            array = array * weights.reshape(weights.shape + (1,) * (array.ndim - weights.ndim))
        self.total += float(array.sum())


class ScoreMetric(Average):
    """The mean of a score of targets and predictions: a subclass implements `score`."""

    def score(self, y_true: Array, y_pred: Array) -> Array:
        """The values to average: one for each sample, or for each element of one."""
        raise NotImplementedError

    def update_state(
        self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> None:
        self._add(self.score(np.asarray(y_true), np.asarray(y_pred)), sample_weight)


class MeanMetricWrapper(ScoreMetric):
    """The mean of ``fn(y_true, y_pred, **kwargs)``, a function of NumPy arrays that gives values for the samples.

    >>> MeanMetricWrapper(lambda y_true, y_pred: abs(y_true - y_pred).max(axis=-1), name="worst")([[0, 1]], [[2, 1]])
    2.0
    """

    def __init__(
        self, fn: Callable[..., npt.ArrayLike], name: str | None = None, dtype: object = None, **kwargs: Any
    ) -> None:
        super().__init__(getattr(fn, "__name__", None) if name is None else name, dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def score(self, y_true: Array, y_pred: Array) -> Array:
        values = np.asarray(self._fn(y_true, y_pred, **self._fn_kwargs))
        return values if values.dtype.kind == "b" else values.astype(np.float64)

    def get_config(self) -> dict[str, Any]:
        raise NotSupportedError(
            f"convcore does not save the function of the metric {self.name!r} (supported: metrics by name "
            "or of a class)."
        )
