"""Arrays that remember how they were made, so that losses of one's own have gradients."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.checks import whole
from convcore.errors import NotSupportedError
from convcore.layers.structures import flat

__all__ = ["Recorded", "gradient", "is_recorded"]

Array = npt.NDArray[Any]
Part = Callable[[Array], Any]

_numbers = itertools.count()


class Recorded(np.lib.mixins.NDArrayOperatorsMixin):
    """An array, and what its gradient adds to those of the arrays that it was made of.

    NumPy's functions and operators give such arrays too; those whose gradient is not known are refused.

    >>> x = Recorded(np.array([1.0, 2.0]))
    >>> gradient(np.sum(x * x), x)
    array([2., 4.])
    """

    def __init__(self, value: npt.ArrayLike, parts: Sequence[tuple[Recorded, Part]] = ()) -> None:
        self.value = np.asarray(value)
        self.parts = tuple(parts)
        self.number = next(_numbers)

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    dtype = property(lambda self: self.value.dtype)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, key: Any) -> Recorded:
        def back(dy: Array) -> Array:
            whole = np.zeros_like(self.value)
            np.add.at(whole, key, dy)
            return whole

        return Recorded(self.value[key], [(self, back)])

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotSupportedError(
            "convcore does not implement gradients through plain arrays: a loss of one's own asked for the values of "
            "its y_pred (supported: operators, functions of NumPy, keras.ops and tensorflow on y_pred itself)"
        )

    def astype(self, dtype: Any) -> Recorded:
        """Itself: a gradient has the dtype of its array, and whole numbers have none."""
        if whole(dtype) is not None:
            raise NotSupportedError(
                f"convcore does not implement gradients through a cast to {whole(dtype)} (supported: floats)"
            )
        return self

    def reshape(self, *shape: Any) -> Any:
        return np.reshape(self, shape[0] if len(shape) == 1 else shape)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        return np.sum(self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Any:
        return np.mean(self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Any:
        return np.max(self, axis=axis, keepdims=keepdims)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        values = [_value(each) for each in inputs]
        if method != "__call__" or kwargs:
            raise _unknown(f"numpy.{ufunc.__name__}.{method}")
        if ufunc in _STEPS:  # no gradient: as plain numbers
            return ufunc(*values)
        if ufunc not in _UFUNCS:
            raise _unknown(f"numpy.{ufunc.__name__}")
        y = np.asarray(ufunc(*values))

        def part(place: int, of: Recorded) -> tuple[Recorded, Part]:
            return of, lambda dy: _summed(_UFUNCS[ufunc][place](dy, y, *values), of.shape)

        return Recorded(y, [part(place, each) for place, each in enumerate(inputs) if isinstance(each, Recorded)])

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in _PLAIN:
            return function(*map(_value, args), **{name: _value(each) for name, each in kwargs.items()})
        if function not in _ARRAY_FUNCTIONS:
            raise _unknown(f"numpy.{function.__name__}")
        return _ARRAY_FUNCTIONS[function](*args, **kwargs)


def is_recorded(*things: Any) -> bool:
    """Whether an array that remembers is among the things, or in a list, tuple or dict of them."""
    return any(isinstance(thing, Recorded) for thing in flat(list(things)))


def gradient(y: Any, x: Recorded) -> Array:
    """The gradient of the sum of `y` by `x`."""
    found: dict[int, tuple[Recorded, Any]] = {y.number: (y, np.ones_like(y.value))} if isinstance(y, Recorded) else {}
    while found and max(found) != x.number:
        # What was made last is complete.
        node, dy = found.pop(max(found))
        for of, part in node.parts:
            before = found[of.number][1] if of.number in found else 0.0
            found[of.number] = (of, before + part(dy))
    total = found[x.number][1] if found else 0.0
    return np.broadcast_to(total, x.shape).astype(x.dtype)


def _value(thing: Any) -> Any:
    if isinstance(thing, Recorded):
        return thing.value
    return type(thing)(map(_value, thing)) if isinstance(thing, list | tuple) else thing


def _unknown(name: str) -> NotSupportedError:
    known = sorted({each.__name__ for each in (*_UFUNCS, *_STEPS, *_ARRAY_FUNCTIONS, *_PLAIN)})
    return NotSupportedError(
        f"convcore does not implement the gradient of {name} in a loss of one's own (supported: {', '.join(known)})"
    )


def _summed(dy: Any, shape: tuple[int, ...]) -> Array:
    """The gradient of what was repeated to the shape of `dy`."""
    array = np.asarray(dy)
    array = array.sum(axis=tuple(range(array.ndim - len(shape))))
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1 and array.shape[axis] != 1)
    summed: Array = array.sum(axis=axes, keepdims=True)
    return summed


def _larger(dy: Any, y: Any, x: Any, other: Any) -> Any:
    """The gradient of an extremum `y` of `x` and `other`: half of it where both are."""
    return dy * ((y == x) / (1.0 + (x == other)))


_UFUNCS: dict[np.ufunc, tuple[Callable[..., Any], ...]] = {
    np.add: (lambda dy, z, x, y: dy, lambda dy, z, x, y: dy),
    np.subtract: (lambda dy, z, x, y: dy, lambda dy, z, x, y: -dy),
    np.multiply: (lambda dy, z, x, y: dy * y, lambda dy, z, x, y: dy * x),
    np.true_divide: (lambda dy, z, x, y: dy / y, lambda dy, z, x, y: -dy * z / y),
    np.power: (lambda dy, z, x, y: dy * y * x ** (y - 1), lambda dy, z, x, y: dy * z * np.log(x)),
    np.maximum: (_larger, lambda dy, z, x, y: _larger(dy, z, y, x)),
    np.minimum: (_larger, lambda dy, z, x, y: _larger(dy, z, y, x)),
    np.matmul: (
        lambda dy, z, x, y: dy @ np.swapaxes(y, -1, -2),
        lambda dy, z, x, y: np.swapaxes(x, -1, -2) @ dy,
    ),
    np.absolute: (lambda dy, y, x: dy * np.sign(x),),
    np.cos: (lambda dy, y, x: -dy * np.sin(x),),
    np.exp: (lambda dy, y, x: dy * y,),
    np.log: (lambda dy, y, x: dy / x,),
    np.log1p: (lambda dy, y, x: dy / (1 + x),),
    np.negative: (lambda dy, y, x: -dy,),
    np.sin: (lambda dy, y, x: dy * np.cos(x),),
    np.sqrt: (lambda dy, y, x: dy / (2 * y),),
    np.square: (lambda dy, y, x: 2 * dy * x,),
    np.tanh: (lambda dy, y, x: dy * (1 - y * y),),
}
_STEPS = {
    np.ceil, np.equal, np.floor, np.greater, np.greater_equal, np.isfinite, np.isnan, np.less, np.less_equal,
    np.logical_and, np.logical_not, np.logical_or, np.not_equal, np.rint, np.sign,
}  # fmt: skip
_PLAIN: set[Any] = {
    np.argmax, np.argmin, np.argsort, np.ndim, np.ones_like, np.round, np.shape, np.size, np.zeros_like
}  # fmt: skip


def _whole(dy: Array, shape: tuple[int, ...], axis: Any, keepdims: bool) -> Array:
    """The gradient `dy` of what was reduced over `axis`, repeated along it."""
    if axis is not None and not keepdims:
        axes = {each % len(shape) for each in (axis if isinstance(axis, Sequence) else [axis])}
        dy = np.expand_dims(dy, tuple(sorted(axes)))
    return np.broadcast_to(dy, shape)


def _sum(x: Recorded, axis: Any = None, keepdims: bool = False) -> Recorded:
    axis = tuple(axis) if isinstance(axis, list) else axis
    y = np.sum(x.value, axis=axis, keepdims=keepdims)
    return Recorded(y, [(x, lambda dy: _whole(dy, x.shape, axis, keepdims))])


def _mean(x: Recorded, axis: Any = None, keepdims: bool = False) -> Any:
    total = _sum(x, axis, keepdims)
    return total * (total.size / max(1, x.size))


def _extremum(function: Any) -> Callable[..., Recorded]:
    def reduce(x: Recorded, axis: Any = None, keepdims: bool = False) -> Recorded:
        axis = tuple(axis) if isinstance(axis, list) else axis
        y = function(x.value, axis=axis, keepdims=True)
        chosen = x.value == y
        share = chosen / chosen.sum(axis=axis, keepdims=True)
        result = y if keepdims else function(x.value, axis=axis)
        return Recorded(result, [(x, lambda dy: _whole(dy, x.shape, axis, keepdims) * share)])

    return reduce


def _moved(function: Any, x: Recorded, *args: Any, **kwargs: Any) -> Recorded:
    """What only rearranges: its gradient goes back to the places that the elements came from."""
    places = function(np.arange(x.size).reshape(x.shape), *args, **kwargs)

    def back(dy: Array) -> Array:
        whole = np.zeros(x.size, dy.dtype)
        np.add.at(whole, places.ravel(), np.ravel(dy))
        return whole.reshape(x.shape)

    return Recorded(x.value.ravel()[places], [(x, back)])


def _rearranging(function: Any) -> Callable[..., Recorded]:
    return lambda x, *args, **kwargs: _moved(function, x, *args, **kwargs)


def _concatenate(arrays: Sequence[Any], axis: int = 0) -> Recorded:
    ends = np.cumsum([np.shape(_value(each))[axis] for each in arrays])[:-1]

    def part(place: int) -> Part:
        return lambda dy: np.split(dy, ends, axis)[place]

    parts = [(each, part(place)) for place, each in enumerate(arrays) if isinstance(each, Recorded)]
    return Recorded(np.concatenate(_value(list(arrays)), axis), parts)


def _stack(arrays: Sequence[Any], axis: int = 0) -> Recorded:
    return _concatenate([np.expand_dims(each, axis) for each in arrays], axis)


def _clip(x: Any, low: Any = None, high: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = (min if low is None else low), (max if high is None else high)
    inside = ((-np.inf if low is None else low) <= x.value) & (x.value <= (np.inf if high is None else high))
    return Recorded(np.clip(x.value, low, high), [(x, lambda dy: dy * inside)])


def _where(condition: Any, x: Any, y: Any) -> Recorded:
    chosen = _value(condition)
    sides = ((x, chosen), (y, np.logical_not(chosen)))

    def part(of: Recorded, mask: Any) -> Part:
        return lambda dy: _summed(dy * mask, of.shape)

    parts = [(each, part(each, mask)) for each, mask in sides if isinstance(each, Recorded)]
    return Recorded(np.where(chosen, _value(x), _value(y)), parts)


def _variance(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.mean(np.square(x - np.mean(x, axis=axis, keepdims=True)), axis=axis, keepdims=keepdims)


_ARRAY_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **{
        function: _rearranging(function)
        for function in (np.broadcast_to, np.expand_dims, np.flip, np.moveaxis, np.ravel, np.repeat, np.reshape,
                         np.squeeze, np.take, np.take_along_axis, np.tile, np.transpose)
    },
    np.clip: _clip,
    np.concatenate: _concatenate,
    np.dot: lambda x, y: x @ y,
    np.max: _extremum(np.max),
    np.mean: _mean,
    np.min: _extremum(np.min),
    np.stack: _stack,
    np.std: lambda *args, **kwargs: np.sqrt(_variance(*args, **kwargs)),
    np.sum: _sum,
    np.var: _variance,
    np.where: _where,
}  # fmt: skip
