"""Functions on what stands for arrays between layers, by the names of ``keras.ops`` and ``tensorflow``, as layers."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

from convcore import activations
from convcore.checks import whole
from convcore.errors import NotSupportedError, ParameterError
from convcore.layers.activation import ELU, Activation, ReLU, Softmax
from convcore.layers.elementwise import Elementwise
from convcore.layers.global_pooling import GlobalAveragePooling1D, GlobalMaxPooling1D
from convcore.layers.layer_normalization import UnitNormalization
from convcore.layers.merging import Concatenate, Maximum, Minimum
from convcore.layers.reshape import Permute, Reshape
from convcore.layers.structures import flat
from convcore.layers.symbolic import SymbolicTensor

__all__ = ["FUNCTIONS", "apply", "is_symbolic", "renamed"]

Axis = int | Sequence[int] | None


def is_symbolic(*things: Any) -> bool:
    """Whether a symbolic tensor is among the things, or in a list, tuple or dict of them."""
    return any(isinstance(thing, SymbolicTensor) for thing in flat(list(things)))


def apply(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """What the function called `name` gives. NotSupportedError if it is not one of `FUNCTIONS`."""
    if name not in FUNCTIONS:
        raise NotSupportedError(
            f"convcore does not implement {name}() on what stands for arrays between layers (supported: "
            f"{', '.join(sorted(FUNCTIONS))})"
        )
    function = FUNCTIONS[name]
    try:
        bound = inspect.signature(function).bind(*args, **renamed(name, kwargs))
    except TypeError as error:
        raise NotSupportedError(
            f"convcore does not implement these arguments of {name}() between layers: {error}"
        ) from None
    return function(*bound.args, **bound.kwargs)


def renamed(name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `name` by the names that they have in ``keras.ops``, without those that change nothing."""
    return {_WORDS.get(word, word): value for word, value in kwargs.items() if word != "name"}


def _axes(x: SymbolicTensor, axis: Axis) -> list[int]:
    """The axes behind the batch, sorted; the batch's own is refused."""
    given = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    axes = sorted(int(each) % x.ndim for each in given)
    if 0 in axes:
        raise NotSupportedError(
            "convcore does not implement functions over the batch between layers (supported: the axes behind it). "
            f"Received: axis={axis}"
        )
    return axes


def _sizes(x: SymbolicTensor, axes: Sequence[int]) -> list[int]:
    sizes = [size for axis in axes if (size := x.shape[axis]) is not None]
    if len(sizes) != len(axes):
        raise NotSupportedError(f"convcore does not implement this function of a tensor of open sizes {x.shape}.")
    return sizes


def _reduced(layer: type[Any], x: SymbolicTensor, axis: Axis, keepdims: bool) -> Any:
    axes = _axes(x, axis)
    others = [each for each in range(1, x.ndim) if each not in axes]
    kept = _sizes(x, others)
    turned = x if axes + others == list(range(1, x.ndim)) else Permute(tuple(axes + others))(x)
    rows = Reshape((math.prod(_sizes(x, axes)), math.prod(kept)))(turned)
    kept_all = dict(zip(others, kept, strict=True))
    shape = [kept_all.get(each, 1) for each in range(1, x.ndim)] if keepdims else kept
    return Reshape(tuple(shape))(layer()(rows))


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return _reduced(GlobalAveragePooling1D, x, axis, keepdims)


def maximum_of(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return _reduced(GlobalMaxPooling1D, x, axis, keepdims)


def minimum_of(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return -maximum_of(-x, axis, keepdims)


def total(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return mean(x, axis, keepdims) * math.prod(_sizes(x, _axes(x, axis)))


def reshape(x: Any, shape: Any) -> Any:
    batch, *sizes = shape
    if batch not in (None, -1, x.shape[0]) or (batch == -1 and -1 in sizes):
        raise NotSupportedError(
            "convcore does not implement a reshape that changes the batch between layers (supported: -1 or "
            f"ops.shape(x)[0] first). Received: shape={tuple(shape)}"
        )
    return Reshape(tuple(-1 if size is None else int(size) for size in sizes))(x)


def transpose(x: Any, axes: Any = None) -> Any:
    order = list(range(x.ndim))[::-1] if axes is None else [int(axis) % x.ndim for axis in axes]
    _axes(x, order[1:])
    return Permute(tuple(order[1:]))(x)


def expand_dims(x: Any, axis: int) -> Any:
    place = _axes(x, axis if axis >= 0 else axis + x.ndim + 1)[0] if axis not in (x.ndim, -1) else x.ndim
    sizes = _sizes(x, range(1, x.ndim))
    return Reshape((*sizes[: place - 1], 1, *sizes[place - 1 :]))(x)


def squeeze(x: Any, axis: Axis = None) -> Any:
    ones = [each for each in range(1, x.ndim) if x.shape[each] == 1]
    axes = ones if axis is None else _axes(x, axis)
    if not set(axes) <= set(ones):
        raise ParameterError(f"Only axes of length 1 can go. Received: axis={axis}, shape={x.shape}")
    return Reshape(tuple(_sizes(x, [each for each in range(1, x.ndim) if each not in axes])))(x)


def flatten(x: Any) -> Any:
    return Reshape((-1,))(x)


def concatenate(xs: Any, axis: int = -1) -> Any:
    return Concatenate(axis)(list(xs))


def stack(xs: Any, axis: int = 0) -> Any:
    return Concatenate(axis)([expand_dims(x, axis) for x in xs])


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    (place,) = _axes(x, axis)
    (size,) = _sizes(x, [place])
    if isinstance(indices_or_sections, int):
        if size % indices_or_sections:
            raise ParameterError(f"{size} elements are not {indices_or_sections} equal parts. Received: axis={axis}")
        ends = [size // indices_or_sections * number for number in range(1, indices_or_sections)]
    else:
        ends = [int(each) for each in indices_or_sections]
    before = (slice(None),) * place
    return [x[(*before, slice(start, stop))] for start, stop in zip([0, *ends], [*ends, size], strict=True)]


def clip(x: Any, x_min: float, x_max: float) -> Any:
    if not isinstance(x_min, Real) or not isinstance(x_max, Real):
        raise NotSupportedError("convcore does not implement clip() between layers with other limits than numbers.")
    low, high = float(x_min), float(x_max)
    return ReLU(max_value=high)(x) if low == 0 else ReLU(max_value=high - low)(x - low) + low


def power(x: Any, exponent: Any) -> Any:
    return x**exponent


def absolute(x: Any) -> Any:
    return abs(x)


def matmul(x: Any, y: Any) -> Any:
    return x @ y


def l2_normalize(x: Any, axis: Axis = None, epsilon: float = 1e-12) -> Any:
    """UnitNormalization, which gives something else than `epsilon` to what is hardly longer than nothing."""
    return UnitNormalization(_axes(x, axis))(x)


def normalize(x: Any, axis: Axis = -1, order: int = 2, epsilon: float | None = None) -> Any:
    if order != 2:
        raise NotSupportedError(f"convcore does not implement normalize() of order {order} between layers.")
    return l2_normalize(x, axis)


def softmax(x: Any, axis: int = -1) -> Any:
    return Softmax(axis)(x)


def _activation(name: str) -> Callable[..., Any]:
    parameters = inspect.signature(getattr(activations, name)).parameters

    def activation(x: Any, **settings: Any) -> Any:
        defaults = renamed(name, {word: parameter.default for word, parameter in parameters.items()})
        others = {word: value for word, value in settings.items() if defaults.get(word) != value}
        if others:
            raise NotSupportedError(
                f"convcore does not implement these arguments of {name}() between layers: {others} (supported: the "
                "defaults)"
            )
        return Activation(name)(x)

    return activation


def relu(x: Any, negative_slope: float = 0.0, x_max: float | None = None, threshold: float = 0.0) -> Any:
    return ReLU(x_max, negative_slope, threshold)(x)


def elu(x: Any, negative_slope: float = 1.0) -> Any:
    """With the word that `renamed` gives its alpha."""
    return ELU(negative_slope)(x)


def cast(x: Any, dtype: Any = None) -> Any:
    """x itself: between layers all is in the dtype of computation, which holds no whole numbers and no booleans."""
    if whole(dtype) not in (None, x.dtype):
        raise NotSupportedError(
            f"convcore does not implement a cast to {whole(dtype)} between layers (supported: floats)"
        )
    return x


def _same(x: Any) -> Any:
    return x


_WITHOUT_ARGUMENTS = sorted(
    set(activations.__all__) - {"deserialize", "get", "linear", "serialize", "softmax", "leaky_relu"}
)

#: By the names of ``keras.ops``, ``keras.backend`` and ``tensorflow``.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _activation(name) for name in _WITHOUT_ARGUMENTS},
    "abs": absolute,
    "add": lambda x, y: x + y,
    "amax": maximum_of,
    "batch_flatten": flatten,
    "bias_add": lambda x, bias: x + bias,
    "cast": cast,
    "clip": clip,
    "clip_by_value": clip,
    "concat": concatenate,
    "concatenate": concatenate,
    "convert_to_tensor": cast,
    "cos": lambda x: Elementwise("cos")(x),
    "divide": lambda x, y: x / y,
    "dot": matmul,
    "elu": elu,
    "exp": _activation("exponential"),
    "expand_dims": expand_dims,
    "identity": _same,
    "int_shape": lambda x: x.shape,
    "is_keras_tensor": lambda x: True,
    "is_tensor": lambda x: True,
    "l2_normalize": l2_normalize,
    "leaky_relu": lambda x, negative_slope=0.2: ReLU(negative_slope=negative_slope)(x),
    "log": lambda x: Elementwise("log")(x),
    "matmul": matmul,
    "max": maximum_of,
    "maximum": lambda x, y: Maximum()([x, y]) if is_symbolic(x) and is_symbolic(y) else _above(x, y),
    "mean": mean,
    "min": minimum_of,
    "minimum": lambda x, y: Minimum()([x, y]) if is_symbolic(x) and is_symbolic(y) else -_above(-x, -y),
    "multiply": lambda x, y: x * y,
    "ndim": lambda x: x.ndim,
    "negative": lambda x: -x,
    "normalize": normalize,
    "permute_dimensions": transpose,
    "pow": power,
    "power": power,
    "rank": lambda x: x.ndim,
    "reduce_max": maximum_of,
    "reduce_mean": mean,
    "reduce_min": minimum_of,
    "reduce_sum": total,
    "relu": relu,
    "reshape": reshape,
    "rsqrt": lambda x: Elementwise("rsqrt")(x),
    "shape": lambda x: x.shape,
    "sin": lambda x: Elementwise("sin")(x),
    "softmax": softmax,
    "split": split,
    "sqrt": lambda x: Elementwise("sqrt")(x),
    "square": lambda x: x * x,
    "squeeze": squeeze,
    "stack": stack,
    "subtract": lambda x, y: x - y,
    "sum": total,
    "transpose": transpose,
}


def _above(x: Any, y: Any) -> Any:
    """The larger of a tensor and a number."""
    tensor, number = (x, y) if is_symbolic(x) else (y, x)
    if not isinstance(number, Real):
        raise NotSupportedError("convcore does not implement maxima of a tensor between layers and an array.")
    return ReLU()(tensor - float(number)) + float(number)


# What TensorFlow and older Keras call the arguments.
_WORDS = {
    **dict.fromkeys(("a", "features", "input", "input_tensor", "inputs", "logits", "t", "tensor", "value", "x1"), "x"),
    **dict.fromkeys(("arrays", "tensors", "values"), "xs"),
    "alpha": "negative_slope",
    "b": "y",
    "clip_value_max": "x_max",
    "clip_value_min": "x_min",
    "keep_dims": "keepdims",
    "max_value": "x_max",
    "min_value": "x_min",
    "newshape": "shape",
    "pattern": "axes",
    "perm": "axes",
    "x2": "y",
}
