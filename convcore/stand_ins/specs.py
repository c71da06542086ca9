"""What the elements of a data set are to be: shapes and dtypes, in the structure of an element."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.errors import DTypeError, ShapeError

__all__ = ["SPECS", "TensorSpec", "conform", "signature"]

Shape = tuple[int | None, ...] | None


@dataclass(frozen=True)
class TensorSpec:
    """The shape, None where nothing is known of it, and the dtype of a part of an element.

    >>> TensorSpec([None, 2], "float32").shape
    (None, 2)
    """

    shape: Shape
    dtype: Any = np.float32
    name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tensor_shape(self.shape))
        object.__setattr__(self, "dtype", np.dtype(self.dtype))


def tensor_shape(dims: Any) -> Shape:
    """``tf.TensorShape``: a tuple of sizes, of which None is any; None for any number of them."""
    return None if dims is None else tuple(None if dim is None else int(dim) for dim in np.atleast_1d(dims).tolist())


def signature(types: Any, shapes: Any, specs: Any) -> Any:
    """The TensorSpecs that `types` and `shapes` say, or `specs`; None where nothing is said. DTypeError if both are."""
    if specs is None:
        return None if types is None else _specs(types, shapes)
    if types is not None or shapes is not None:
        raise DTypeError(
            "Dataset.from_generator: `output_signature` can not be used together with `output_types` and "
            "`output_shapes`."
        )
    return _mapped(_require_spec, specs)


def conform(element: Any, specs: Any) -> Any:
    """`element` as arrays of the dtypes of `specs`. DTypeError or ShapeError if it is something else."""
    if isinstance(specs, TensorSpec):
        return _conform(element, specs)
    if isinstance(specs, dict):
        if isinstance(element, dict) and element.keys() == specs.keys():
            return {key: conform(element[key], part) for key, part in specs.items()}
    elif isinstance(element, tuple) and len(element) == len(specs):
        return tuple(conform(part, spec) for part, spec in zip(element, specs, strict=True))
    raise DTypeError(
        "`generator` yielded an element that did not match the expected structure. The expected structure was "
        f"{_mapped(lambda spec: spec.dtype.name, specs)}, but the yielded element was {element!r:.200}."
    )


def _conform(value: Any, spec: TensorSpec) -> npt.NDArray[Any]:
    try:
        array = np.asarray(value, spec.dtype)
    except (TypeError, ValueError) as error:
        raise DTypeError(
            "`generator` yielded an element that could not be converted to the expected type. The expected type was "
            f"{spec.dtype.name}, but the yielded element was {value!r:.200}."
        ) from error
    shape = spec.shape
    if shape is not None and (
        len(shape) != array.ndim or any(a not in (None, b) for a, b in zip(shape, array.shape, strict=True))
    ):
        raise ShapeError(
            f"`generator` yielded an element of shape {array.shape} where an element of shape {shape} was expected."
        )
    return array


def _specs(types: Any, shapes: Any) -> Any:
    if isinstance(types, dict):
        return {key: _specs(part, None if shapes is None else shapes[key]) for key, part in types.items()}
    if isinstance(types, tuple):
        each = [None] * len(types) if shapes is None else shapes
        return tuple(_specs(part, shape) for part, shape in zip(types, each, strict=True))
    return TensorSpec(shapes, types)


def _require_spec(spec: Any) -> Any:
    if not isinstance(spec, TensorSpec):
        raise DTypeError(
            "Dataset.from_generator: `output_signature` must contain objects that are subclass of `tf.TypeSpec` but "
            f"found {type(spec)} which is not."
        )
    return spec


def _mapped(function: Callable[[Any], Any], specs: Any) -> Any:
    """`function` of each part of `specs`, in their structure."""
    if isinstance(specs, dict):
        return {key: _mapped(function, part) for key, part in specs.items()}
    return tuple(_mapped(function, part) for part in specs) if isinstance(specs, tuple) else function(specs)


#: The names of ``tensorflow`` itself.
SPECS: dict[str, Any] = {"TensorShape": tensor_shape, "TensorSpec": TensorSpec}
