"""The checks of layer arguments and of the shapes that layers meet, with Keras's texts.

Whatever a layer is given is checked here and nowhere else; a file's configuration passes through the same
constructors, hence through the same checks.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from convcore.checks import remembered, shown
from convcore.errors import DTypeError, NotSupportedError, ParameterError, ShapeError
from convcore.layers.formats import data_format_word, image_data_format

__all__ = [
    "LARGEST",
    "InputSpec",
    "check_input",
    "either_data_format",
    "factor_range",
    "output_size",
    "positive_integer",
    "real",
    "refuse_unsupported",
    "standardize_padding",
    "standardize_shape",
    "standardize_tuple",
    "times",
]

Shape = tuple[int | None, ...]
# The largest extent of anything: above it, products of sizes would leave the 64-bit integers of the engine.
LARGEST = 2**31 - 1


@dataclass(frozen=True)
class InputSpec:
    """What a layer expects of its input: an exact or a least number of axes, and sizes of single axes."""

    ndim: int | None = None
    min_ndim: int | None = None
    axes: Mapping[int, int] = field(default_factory=dict)


@remembered
def standardize_shape(shape: Any) -> Shape:
    """`shape` as a tuple of integers >= 0 and None.

    >>> standardize_shape([None, 28, 28, 1])
    (None, 28, 28, 1)
    """
    if isinstance(shape, (str, bytes)) or not hasattr(shape, "__iter__"):
        hint = f" Did you mean ({shape},)?" if isinstance(shape, (int, np.integer)) else ""
        raise ParameterError(f"Cannot convert '{shape}' to a shape.{hint}")
    dims: list[int | None] = []
    for dim in shape:
        if dim is None:
            dims.append(None)
            continue
        if isinstance(dim, (bool, np.bool_)) or not isinstance(dim, (int, np.integer)):
            raise ParameterError(
                f"Cannot convert '{shape}' to a shape. Found invalid dimension '{dim}' of type '{type(dim)}'."
            )
        if dim < 0:
            raise ParameterError(f"Cannot convert '{shape}' to a shape. Negative dimensions are not allowed.")
        if dim > LARGEST:
            raise ParameterError(f"Cannot convert '{shape}' to a shape. Dimensions are at most {LARGEST}.")
        dims.append(int(dim))
    return tuple(dims)


def standardize_tuple(value: Any, count: int, name: str, *, allow_zero: bool = False) -> tuple[int, ...]:
    """`value`, one integer >= 1 (>= 0 with `allow_zero`) or `count` of them, as a tuple of `count` integers."""
    message = f"The `{name}` argument must be a tuple of {count} integers. Received {name}={value}"
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        values: tuple[Any, ...] = (int(value),) * count
    else:
        if isinstance(value, (str, bytes, bool)):
            raise ParameterError(message)
        try:
            values = tuple(value)
        except TypeError:
            raise ParameterError(message) from None
        if len(values) != count:
            raise ParameterError(message)
    for element in values:
        if isinstance(element, (bool, np.bool_)) or not isinstance(element, (int, np.integer)):
            raise ParameterError(f"{message}, including element {element} of type {type(element)}")
    unqualified = {int(element) for element in values if element < (0 if allow_zero else 1)}
    if unqualified:
        wanted = ">= 0" if allow_zero else "> 0"
        raise ParameterError(f"{message}, including values {unqualified} that do not satisfy `value {wanted}`")
    too_large = {int(element) for element in values if element > LARGEST}
    if too_large:
        raise ParameterError(f"{message}, including values {too_large} that do not satisfy `value <= {LARGEST}`")
    return tuple(int(element) for element in values)


def positive_integer(value: Any, message: str) -> int:
    """`value` as an integer in ``[1, 2**31)``; `message` is the error's text."""
    if isinstance(value, (bool, np.bool_)):
        raise ParameterError(message)
    try:
        number = operator.index(value)
    except TypeError:
        raise ParameterError(message) from None
    if number <= 0:
        raise ParameterError(message)
    if number > LARGEST:
        raise ParameterError(f"{message} Allowed: 1 to {LARGEST}.")
    return number


def times(value: Any, name: str) -> int:
    """`value`, how often something is repeated, as an integer in ``[1, 2**31)``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise DTypeError(f"Expected an integer value for `{name}`, got {type(value)}.")
    return positive_integer(value, f"Argument `{name}` should be a positive integer. Received: {name}={shown(value)}")


def real(value: Any, message: str, minimum: float = -math.inf, maximum: float = math.inf) -> float:
    """`value` as a finite float within ``[minimum, maximum]``; `message` is the error's text."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise ParameterError(message)
    try:
        number = float(value)
    except OverflowError:
        raise ParameterError(message) from None
    if not math.isfinite(number) or not minimum <= number <= maximum:
        raise ParameterError(message)
    return number


def factor_range(value: Any, name: str, limits: str, *, open_below: bool = False) -> tuple[float, float]:
    """`value`, a number or two within -1 and 1 (above -1 if `open_below`), as a range; of a number, from minus to plus
    that. `limits` begins the error's text."""
    message = f"{limits}Received: {name}={value}"
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ParameterError(message)
        low, high = sorted(real(each, message, -1.0, 1.0) for each in value)
    else:
        high = abs(real(value, message, -1.0, 1.0))
        low = -high
    if open_below and (low if isinstance(value, (tuple, list)) else value) <= -1:
        raise ParameterError(message)
    return low, high


def standardize_padding(value: Any, *, causal: bool = False) -> str:
    """`value`, one of "valid", "same" and perhaps "causal" in any case, in lower case."""
    allowed = ("valid", "same", "causal") if causal else ("valid", "same")
    padding = value.lower() if isinstance(value, str) else value
    if padding not in allowed:
        words = ", ".join(map(repr, allowed))
        raise ParameterError(f"The `padding` argument must be one of {words}. Received: {value!r}")
    return str(padding)


def either_data_format(value: Any) -> str:
    """`value`, None (what is set for all) or a word in any case, as "channels_last" or "channels_first"."""
    return image_data_format() if value is None else data_format_word(value)


def refuse_unsupported(layer: str, **arguments: Any) -> None:
    """Raise NotSupportedError for the first of `arguments` that is not None."""
    for name, value in arguments.items():
        if value is not None:
            raise NotSupportedError(
                f"convcore does not implement the argument `{name}` of keras.layers.{layer} "
                f"(supported: {name}=None). Received: {name}={value!r}"
            )


def check_input(spec: InputSpec, shape: Shape, layer: str) -> None:
    """Raise ShapeError, with Keras's text and a hint, unless an input of `shape` (with the batch) fits `spec`."""
    prefix = f"Input 0 with name 'None' of layer '{layer}' is incompatible with the layer: "
    expected = spec.ndim if spec.ndim is not None else spec.min_ndim
    if expected is not None and (len(shape) < expected or (spec.ndim is not None and len(shape) != expected)):
        kind = "ndim" if spec.ndim is not None else "min_ndim"
        raise ShapeError(
            f"{prefix}expected {kind}={expected}, found ndim={len(shape)}. "
            f"Full shape received: {shape}{_batch_hint(len(shape), expected)}"
        )
    for axis, size in spec.axes.items():
        if shape[axis] is not None and shape[axis] != size:
            raise ShapeError(
                f"{prefix}expected axis {axis} of input shape to have value {size}, "
                f"but received input with shape {shape}"
            )


def _batch_hint(found: int, expected: int) -> str:
    if found != expected - 1:
        return ""
    if expected == 4:
        return (
            ". Hint: layers work on batches of shape (batch, height, width, channels): "
            "add the missing batch axis with x[numpy.newaxis], or a channel axis with x[..., numpy.newaxis]."
        )
    return ". Hint: layers work on batches: add the missing batch axis with x[numpy.newaxis]."


def output_size(size: int | None, kernel: int, stride: int, padding: str, dilation: int = 1) -> int | None:
    """The output's extent along one axis; 0 or less where the window does not fit. An unknown size stays None.

    >>> output_size(28, 3, 1, "valid"), output_size(28, 3, 2, "same")
    (26, 14)
    """
    if size is None:
        return None
    if padding in ("same", "causal"):
        return -(-size // stride)
    return (size - dilation * (kernel - 1) - 1) // stride + 1


def check_output_sizes(sizes: Sequence[int | None], details: str) -> None:
    """Raise ShapeError, with Keras's text, if one of an output's extents is zero or negative."""
    if any(size is not None and size <= 0 for size in sizes):
        raise ShapeError(f"Computed output size would be zero or negative. Received {details}.")
