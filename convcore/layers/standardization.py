"""Features brought to mean 0 and variance 1, as preprocessing inside the model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convcore.errors import DTypeError, NotSupportedError, ParameterError, ShapeError, StateError
from convcore.layers.base import Layer
from convcore.layers.eager import as_float32
from convcore.layers.validation import Shape

if TYPE_CHECKING:
    from convcore.program import Graph, Value
    from convcore.variables import Variable

__all__ = ["Normalization"]

Array = npt.NDArray[np.float64]
# Keras's smallest standard deviation, as a variance: what adds to others changes no bit.
_LEAST = 1e-14


class Normalization(Layer):
    """``(x - mean) / sqrt(variance)`` of each feature, with `mean` and `variance` as given, or as `adapt` finds them.

    `axis` says which axes have features of their own, the last one by default; None: one mean and one variance for all.
    ``invert=True`` gives back what the layer was given. The output has the input's shape.

    >>> layer = Normalization()
    >>> layer.adapt(np.array([[1.0], [3.0]]))
    >>> layer([[1.0], [2.0], [3.0]]).ravel().tolist()
    [-1.0, 0.0, 1.0]
    """

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        if (mean is not None) != (variance is not None):
            raise ParameterError(
                "When setting values directly, both `mean` and `variance` must be set. "
                f"Received: mean={mean} and variance={variance}"
            )
        if np.shape(mean) != np.shape(variance):
            raise ParameterError(
                "When setting values directly, `mean` and `variance` must have the same shape. Received: "
                f"mean shape {np.shape(mean)} and variance shape {np.shape(variance)}"
            )
        if np.ndim(mean) > len(self.axis):
            raise ParameterError(
                f"The rank of `mean` must be less than or equal to the number of axes ({len(self.axis)}). "
                f"Received: mean shape {np.shape(mean)} for axis {self.axis}"
            )
        if invert and mean is None:
            raise NotSupportedError(
                "convcore does not implement invert=True of keras.layers.Normalization with adapt (supported: with "
                "`mean` and `variance`)"
            )
        self.input_mean, self.input_variance, self.invert = mean, variance, bool(invert)
        self.adapt_mean: Variable | None = None
        self.adapt_variance: Variable | None = None
        self.count: Variable | None = None

    def build(self, input_shape: Any) -> None:
        kept = self._kept(len(input_shape))
        sizes = tuple(input_shape[axis] for axis in kept)
        if None in sizes:
            raise ShapeError(
                "All `axis` values to be kept must have a known shape. "
                f"Received axis={self.axis}, inputs.shape={tuple(input_shape)}, with unknown axis at index "
                f"{kept[sizes.index(None)]}"
            )
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(sizes, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(sizes, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", trainable=False, name="count")
        else:
            self._constants(sizes)

    def _kept(self, rank: int) -> list[int]:
        """The axes with features of their own, counted from the batch's, sorted."""
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ParameterError(
                f"All `axis` values must be in the range [-ndim, ndim). Received inputs with ndim={rank}, while "
                f"axis={self.axis}"
            )
        return sorted(axis % rank for axis in self.axis)

    @property
    def mean(self) -> Any:
        """The means, with an axis for each of the input's; None before the layer is built."""
        return self._told(self.adapt_mean, self.input_mean)

    @property
    def variance(self) -> Any:
        """The variances, as the means."""
        return self._told(self.adapt_variance, self.input_variance)

    def _told(self, variable: Variable | None, given: Any) -> Any:
        if not self.built or self._build_shape is None:
            return None
        kept, shape = self._kept(len(self._build_shape)), self._build_shape
        full = tuple(size if axis in kept and size is not None else 1 for axis, size in enumerate(shape))
        sizes = tuple(shape[axis] or 1 for axis in kept)
        value = np.broadcast_to(np.asarray(given, np.float32), sizes) if variable is None else variable.numpy()
        return value.reshape(full)

    def adapt(self, data: Any) -> None:
        """Find means and variances in `data`: an array, or an iterable of batches, of which targets are left out."""
        is_data = hasattr(data, "__array__") or hasattr(data, "__getitem__") or isinstance(data, Iterable)
        if not is_data or isinstance(data, str | bytes | dict):
            raise DTypeError(f"Unsupported data type: {type(data)}. `adapt` supports arrays and iterables of batches.")
        batches = iter([data]) if hasattr(data, "__array__") else _batches(data)
        first = next(batches, None)
        if first is None:
            raise ParameterError("adapt() received an empty iterable (no batches). Expected at least one batch.")
        if self.input_mean is not None:
            raise StateError("A Normalization layer that was given `mean` and `variance` cannot adapt to data.")
        if np.ndim(first):
            self.build(np.shape(first))
        means, variances, weight = np.zeros(()), np.zeros(()), 0
        kept = self._kept(np.ndim(first)) if np.ndim(first) else []
        for batch in chain([first], batches):
            if not hasattr(batch, "shape") and not isinstance(batch, list):
                raise DTypeError(
                    "adapt() expects an iterable that yields arrays with a `.shape` attribute. Got an element of type "
                    f"{type(batch).__name__}."
                )
            x = as_float32(batch, f"The data of adapt of layer '{self.name}'").astype(np.float64)
            if self.adapt_mean is None or [x.shape[axis] for axis in kept] != list(self.adapt_mean.shape):
                raise ShapeError(
                    f"The layer was built with input_shape={self._build_shape}, but adapt() is being called with data "
                    f"with an incompatible shape, data.shape={x.shape}"
                )
            reduced = tuple(axis for axis in range(x.ndim) if axis not in kept)
            count = math.prod(x.shape[axis] for axis in reduced)
            if not count:
                raise ParameterError(f"adapt() needs data. Received: data.shape={x.shape}")
            weight += count
            share, mean = count / weight, x.mean(reduced)
            total = means + (mean - means) * share
            variances = (variances + (means - total) ** 2) * (1 - share) + (
                x.var(reduced) + (mean - total) ** 2
            ) * share
            means = total
        for variable, value in ((self.adapt_mean, means), (self.adapt_variance, variances)):
            if variable is not None:
                variable.assign(value)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        return tuple(input_shape)

    def lower(self, graph: Graph, x: Value) -> Value:
        kept = [axis - 1 for axis in self._kept(len(x.shape) + 1)]
        if -1 in kept:
            raise NotSupportedError(
                f"convcore does not implement axis={self.axis} of keras.layers.Normalization, with values for each "
                "sample of a batch (supported: the axes behind it)"
            )
        order = [axis for axis in range(len(x.shape)) if axis not in kept] + kept
        turned = x if order == sorted(order) else graph.add("permute", x, order=order)
        sizes = tuple(x.shape[axis] for axis in kept)
        rows = graph.add("reshape", turned, shape=(math.prod(x.shape) // max(1, math.prod(sizes)), math.prod(sizes)))
        y = self._lower_rows(graph, rows, sizes)
        y = graph.add("reshape", y, shape=turned.shape)
        return y if turned is x else graph.add("permute", y, order=[order.index(each) for each in range(len(order))])

    def _lower_rows(self, graph: Graph, rows: Value, sizes: tuple[int, ...]) -> Value:
        if self.input_mean is None:
            parameters = (None, None, self.adapt_mean, self.adapt_variance)
            return graph.add("batch_norm", rows, parameters=parameters, epsilon=_LEAST, momentum=1.0, learning=False)
        mean, variance = self._constants(sizes)
        scale, offset = np.ones_like(mean), np.zeros_like(mean)
        if self.invert:
            mean, variance, scale, offset = offset, scale, np.sqrt(variance), mean
        return graph.add("standardize", rows, mean=mean, variance=variance, scale=scale, offset=offset)

    def _constants(self, sizes: Sequence[Any]) -> tuple[Array, Array]:
        """Mean and variance of each feature."""
        try:
            each = [
                np.broadcast_to(np.float64(value), tuple(sizes)) for value in (self.input_mean, self.input_variance)
            ]
        except ValueError:
            raise ShapeError(
                f"`mean` of shape {np.shape(self.input_mean)} does not fit the features {tuple(sizes)} of "
                f"axis {self.axis}."
            ) from None
        return each[0].ravel(), np.maximum(each[1].ravel(), _LEAST)

    def get_config(self) -> dict[str, Any]:
        given = {"mean": self.input_mean, "variance": self.input_variance}
        plain = {name: None if value is None else np.asarray(value).tolist() for name, value in given.items()}
        return {**super().get_config(), "axis": self.axis, "invert": self.invert, **plain}


def _batches(data: Iterable[Any]) -> Iterator[Any]:
    # A PyDataset has a length, and no end of its own.
    numbered: Any = data
    by_number = hasattr(data, "__getitem__") and hasattr(data, "__len__")
    for batch in (numbered[place] for place in range(len(numbered))) if by_number else data:
        yield batch[0] if isinstance(batch, tuple) else batch
