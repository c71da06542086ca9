"""The functions on arrays of ``tensorflow`` and ``keras.ops`` that tutorials prepare their data with, in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore import activations
from convcore.errors import NotSupportedError
from convcore.stand_ins.tensors import Tensor, answering

__all__ = ["BACKEND", "DTYPES", "KERAS", "NN", "TENSORFLOW"]

Array = npt.NDArray[Any]
Axis = int | Sequence[int] | None
Function = Callable[..., Any]


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Array:
    """`value` as an array; numbers of Python become float32 and int32, as TensorFlow has them."""
    array = np.asarray(value, dtype)
    if dtype is None and not isinstance(value, (np.ndarray, np.generic)):
        array = array.astype({"f": np.float32, "i": np.int32}.get(array.dtype.kind, array.dtype))
    return array if shape is None else np.broadcast_to(array, shape)


def cast(x: Any, dtype: Any, name: str | None = None) -> Array:
    return np.asarray(x).astype(np.dtype(dtype))


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Any:
    return np.reshape(tensor, tuple(shape))


def expand_dims(input: Any, axis: int, name: str | None = None) -> Array:
    return np.expand_dims(input, axis)


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Any:
    return np.squeeze(input, axis)


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str | None = None) -> Array:
    return np.transpose(np.conj(a) if conjugate else a, perm)


def concat(values: Any, axis: int = 0, name: str | None = None) -> Array:
    return np.concatenate(values, axis)


def stack(values: Any, axis: int = 0, name: str | None = None) -> Array:
    return np.stack(values, axis)


def gather(params: Any, indices: Any, axis: int = 0) -> Any:
    return np.take(params, indices, axis)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Array:
    return np.argwhere(condition) if x is None else np.where(condition, x, y)


def zeros(shape: Any, dtype: Any = np.float32, name: str | None = None) -> Array:
    return np.zeros(shape, dtype)


def ones(shape: Any, dtype: Any = np.float32, name: str | None = None) -> Array:
    return np.ones(shape, dtype)


def one_hot(
    indices: Any, depth: int, on_value: Any = 1, off_value: Any = 0, axis: int = -1, dtype: Any = np.float32
) -> Array:
    """1 where the new axis equals the index; a row without a 1 for an index outside."""
    hot = np.asarray(indices)[..., np.newaxis] == np.arange(depth)
    return np.moveaxis(np.where(hot, on_value, off_value).astype(dtype), -1, axis)


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    return np.clip(t, clip_value_min, clip_value_max)


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Any:
    if data_format not in (None, "N...C", "NHWC"):
        raise NotSupportedError(f"convcore does not implement data_format={data_format!r} of bias_add")
    return np.add(value, bias)


def l2_normalize(x: Any, axis: Axis = None, epsilon: float = 1e-12, name: str | None = None) -> Any:
    """`x` over its length along `axis`."""
    axes = tuple(axis) if isinstance(axis, Sequence) else axis
    return x / np.sqrt(np.maximum(np.sum(np.square(x), axis=axes, keepdims=True), epsilon))


def normalize(x: Any, axis: Axis = -1, order: int = 2, epsilon: float = 1e-7) -> Any:
    """`l2_normalize` with an `epsilon` for the length itself, by the name of ``keras.ops``."""
    if order != 2:
        raise NotSupportedError(f"convcore does not implement normalize() of order {order}")
    return l2_normalize(x, axis, epsilon**2)


def confusion_matrix(
    labels: Any, predictions: Any, num_classes: int | None = None, weights: Any = None, dtype: Any = np.int32
) -> Array:
    """How often label i (row) was predicted as j (column)."""
    rows, columns = np.asarray(labels).astype(np.int64), np.asarray(predictions).astype(np.int64)
    classes = num_classes or 1 + int(max(rows.max(initial=-1), columns.max(initial=-1)))
    counts = np.zeros((classes, classes), dtype)
    np.add.at(counts, (rows, columns), 1 if weights is None else weights)
    return counts


def _reduction(function: Function, keep_dtype: bool) -> Function:
    def reduce(input_tensor: Any, axis: Axis = None, keepdims: bool = False, name: str | None = None) -> Array:
        array = np.asarray(input_tensor)
        axes = tuple(axis) if isinstance(axis, Sequence) else axis
        result = np.asarray(function(array, axis=axes, keepdims=keepdims))
        return result.astype(array.dtype) if keep_dtype else result

    return reduce


def _position(function: Function) -> Function:
    def find(input: Any, axis: int | None = None, output_type: Any = np.int64, name: str | None = None) -> Array:
        return np.asarray(function(input, axis=0 if axis is None else axis)).astype(output_type)

    return find


def _shared(*names: str) -> dict[str, Function]:
    return {name: answering(getattr(np, name)) for name in names}


def _named(table: dict[str, Any]) -> dict[str, Any]:
    """`table` with functions that know their names, and so what they are between layers."""
    return {
        name: answering(value.__wrapped__, name) if hasattr(value, "__wrapped__") else value
        for name, value in table.items()
    }


DTYPES = {
    **{name: np.dtype(name) for name in ("float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64")},
    "bool": np.dtype(bool),
}
_ELEMENTWISE = _shared(
    "abs", "add", "ceil", "cos", "divide", "equal", "exp", "floor", "greater", "greater_equal", "less", "less_equal",
    "log", "logical_and", "logical_not", "logical_or", "maximum", "minimum", "multiply", "negative", "not_equal",
    "sign", "sin", "sqrt", "square", "subtract", "tanh",
)  # fmt: skip
_MATH = _named(
    {
        **_ELEMENTWISE,
        "argmax": answering(_position(np.argmax)),
        "argmin": answering(_position(np.argmin)),
        "confusion_matrix": answering(confusion_matrix),
        "reduce_max": answering(_reduction(np.max, True)),
        "reduce_mean": answering(_reduction(np.mean, True)),
        "pow": answering(np.power),
        "reduce_all": answering(_reduction(np.all, True)),
        "reduce_any": answering(_reduction(np.any, True)),
        "reduce_min": answering(_reduction(np.min, True)),
        "reduce_prod": answering(_reduction(np.prod, True)),
        "reduce_variance": answering(_reduction(np.var, True)),
        "reduce_std": answering(_reduction(np.std, True)),
        "reduce_sum": answering(_reduction(np.sum, True)),
    }
)
_ACTIVATIONS = {
    name: answering(getattr(activations, name), name)
    for name in activations.__all__
    if name not in {"deserialize", "get", "linear", "serialize"}
}
#: ``tf.nn``: the activations, which layers also take.
NN = _ACTIVATIONS | {function.__name__: answering(function, function.__name__) for function in (bias_add, l2_normalize)}
_MATH |= {name: NN[name] for name in ("l2_normalize", "log_sigmoid", "sigmoid", "softplus")}
#: The names of ``tensorflow`` itself and of ``tensorflow.math``.
TENSORFLOW: dict[str, Any] = _named({
    **DTYPES,
    **{name: _MATH[name] for name in _MATH if name != "confusion_matrix" and name != "log"},
    **{
        function.__name__: answering(function)
        for function in (
            cast, clip_by_value, concat, constant, expand_dims, gather, one_hot, ones, reshape, squeeze, stack,
            transpose, where, zeros,
        )
    },
    "Tensor": Tensor,
    "convert_to_tensor": answering(constant),
    "identity": answering(np.asarray),
    "is_tensor": answering(lambda x: isinstance(x, Tensor), "is_tensor"),
    "matmul": answering(np.matmul),
    "math": _MATH,
    "newaxis": None,
    "nn": NN,
    "range": answering(np.arange),
    "rank": answering(np.ndim),
    "shape": answering(lambda x: np.array(np.shape(x), np.int32)),
    "size": answering(np.size),
})  # fmt: skip
#: ``keras.ops``.
KERAS: dict[str, Any] = _named(
    {
        **_ACTIVATIONS,
        **_ELEMENTWISE,
        **_shared(
            "all", "any", "arange", "argmax", "argmin", "argsort", "clip", "concatenate", "expand_dims", "flip", "isnan"
        ),
        **_shared(
            "max", "mean", "min", "ravel", "repeat", "reshape", "round", "sort", "squeeze", "stack", "std", "sum"
        ),
        **_shared("take", "tile", "transpose", "var", "where"),
        **{function.__name__: answering(function) for function in (cast, normalize, ones, zeros)},
        "convert_to_numpy": np.asarray,
        "dot": answering(np.dot),
        "matmul": answering(np.matmul),
        "ndim": answering(np.ndim),
        "power": answering(np.power),
        "convert_to_tensor": answering(constant),
        "one_hot": answering(
            lambda x, num_classes, axis=-1, dtype=np.float32: one_hot(x, num_classes, axis=axis, dtype=dtype)
        ),
        "shape": answering(np.shape),
    }
)

#: ``keras.backend``: the functions on arrays that Keras 2 had there.
BACKEND: dict[str, Any] = {
    **{name: KERAS[name] for name in KERAS if name not in ("convert_to_numpy", "convert_to_tensor", "var")},
    **_named({
        "batch_flatten": answering(lambda x: np.reshape(x, (len(x), -1))),
        "constant": answering(constant),
        "eval": np.asarray,
        "flatten": answering(np.ravel),
        "get_value": np.asarray,
        "int_shape": answering(np.shape),
        "l2_normalize": answering(l2_normalize),
        "is_keras_tensor": answering(lambda x: False),
        "ones_like": answering(np.ones_like),
        "permute_dimensions": answering(lambda x, pattern: np.transpose(x, pattern)),
        "pow": answering(np.power),
        "prod": answering(np.prod),
        "zeros_like": answering(np.zeros_like),
    }),
}  # fmt: skip
