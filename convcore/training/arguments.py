"""The arguments of fit, evaluate and predict: checked here, once, before anything is computed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import as_array
from convcore.checks import real, shown
from convcore.errors import LabelError, NotSupportedError, ParameterError, ShapeError
from convcore.shapes import integer

__all__ = [
    "array",
    "batch_size",
    "class_weights",
    "count_or_none",
    "refuse_split",
    "require_batch",
    "sample_weights",
    "size_for_steps",
    "split",
    "validation_epochs",
    "validation_tuple",
    "verbosity",
    "with_channels",
]

Array = npt.NDArray[Any]

DEFAULT_BATCH_SIZE = 32


def array(name: str, value: Any) -> Array:
    """`value` as an array of real numbers with an axis of samples; arrays pass without a copy.

    A list of one array is that array: Keras's form for a model with one input.
    """
    if not isinstance(value, np.ndarray):
        if value is None:
            raise ParameterError(f"`{name}` is missing.")
        if isinstance(value, list | tuple) and len(value) == 1 and isinstance(value[0], np.ndarray) and value[0].ndim:
            value = value[0]
        _refuse_streams(name, value)
    result = as_array(name, value)
    if result.ndim == 0:
        raise ShapeError(f"`{name}` must have an axis of samples. Received: a single number, {shown(value)}")
    return result


def _refuse_streams(name: str, value: Any) -> None:
    sized = hasattr(value, "__getitem__") and hasattr(value, "__len__") and not isinstance(value, Sequence)
    if (sized or hasattr(value, "__next__") or callable(value)) and not hasattr(value, "__array__"):
        raise NotSupportedError(
            f"convcore does not implement {type(value).__name__} objects as `{name}` (supported: NumPy arrays, what "
            "numpy.asarray takes and, as `x` alone, generators and PyDataset objects that give batches)."
        )


def with_channels(x: Array, input_shape: tuple[int, ...]) -> Array:
    """`x` with a last axis of 1 added or dropped where that makes it fit samples of `input_shape`, as in Keras."""
    if x.shape[1:] == input_shape:
        return x
    if input_shape[-1:] == (1,) and x.shape[1:] == input_shape[:-1]:
        return x[..., np.newaxis]
    if x.shape[1:] == (*input_shape, 1):
        return x[..., 0]
    return x


def sample_weights(value: Any, count: int, output_shape: tuple[int, ...] = ()) -> npt.NDArray[np.float32] | None:
    """`value` as finite weights >= 0: one per sample, (n,), or one per position of an output (n, ..., values)."""
    if value is None:
        return None
    weights = array("sample_weight", value)
    positions = (count, *output_shape[:-1])
    if weights.shape == (*positions[: weights.ndim - 1], 1) and weights.shape != positions:
        weights = weights[..., 0]
    if weights.shape != positions[: weights.ndim]:
        more = f", or {positions}, one per position" if len(positions) > 1 else ""
        raise ShapeError(f"`sample_weight` must have shape ({count},), one per sample{more}. Received: {weights.shape}")
    weights = weights.astype(np.float32)
    bad = np.argwhere(~(np.isfinite(weights) & (weights >= 0)))
    if bad.size:
        place = ", ".join(map(str, bad[0]))
        raise ParameterError(
            f"`sample_weight` must be finite and >= 0. Received: sample_weight[{place}]={weights[tuple(bad[0])]}"
        )
    return weights


def class_weights(value: Any, targets: Array) -> npt.NDArray[np.float32]:
    """The weight of each sample by its class: `value` maps ids to weights, a class it lacks counts 1.

    Targets of several values a sample are one-hot rows; others are ids, rounded.
    """
    if not isinstance(value, Mapping):
        raise ParameterError(f"`class_weight` must be a dict of class ids and weights. Received: {shown(value)}")
    if targets.ndim > 1:
        targets = targets[..., 0] if targets.shape[-1] == 1 else targets.argmax(axis=-1)
    if targets.ndim != 1:
        raise LabelError("`class_weight` needs targets that are class ids or one-hot rows.")
    ids = targets if targets.dtype.kind in "iu" else np.round(targets)
    weights = np.ones(len(ids), dtype=np.float32)
    for key, weight in value.items():
        label = integer("class_weight key", key, 0)
        weights[ids == label] = real(f"class_weight[{label}]", weight)
    return weights


def split(fraction: Any, count: int) -> tuple[float, int]:
    """The validation fraction, in [0, 1), and the number of samples that remain for training."""
    number = real("validation_split", fraction, 0.0, 1.0, open_maximum=True)
    kept = int(np.floor(count * (1.0 - number)))
    if number and kept in (0, count):
        raise ParameterError(
            f"Training data contains {count} samples, which is not sufficient to split it into a validation and a "
            f"training set as specified by `validation_split={number:g}`. Hint: more samples, or another fraction."
        )
    return number, kept


def refuse_split(fraction: Any, stream: Any) -> None:
    """Refuse a `validation_split` of batches, whose number is not known."""
    if real("validation_split", fraction, 0.0, 1.0, open_maximum=True):
        raise ParameterError(
            "`validation_split` is only supported for arrays, not following types in the input: "
            f"{type(stream).__name__}. Hint: use `validation_data`."
        )


def validation_tuple(value: Any) -> tuple[Any, Any, Any]:
    """`validation_data` as (x, y, sample_weight)."""
    if isinstance(value, tuple | list) and len(value) in (2, 3):
        return value[0], value[1], value[2] if len(value) == 3 else None
    raise ParameterError(
        f"`validation_data` must be (x, y) or (x, y, sample_weight). Received: an object of type {type(value).__name__}"
    )


def validation_epochs(value: Any) -> int | frozenset[int]:
    """`validation_freq`: every how many epochs, or after which epochs (counted from 1)."""
    if isinstance(value, list | tuple | set | frozenset):
        return frozenset(integer("validation_freq", epoch, 1) for epoch in value)
    return integer("validation_freq", value, 1)


def batch_size(name: str, value: Any) -> int:
    """The samples of a batch: `value`, or 32 for None."""
    return DEFAULT_BATCH_SIZE if value is None else integer(name, value, 1)


def size_for_steps(size: int, value: Any, steps: int | None, samples: int) -> int:
    """The samples of a batch where `steps` are asked for: without a `value`, that many batches hold all samples."""
    if value is None and steps is not None:
        return max(1, -(-samples // steps))
    if steps is not None and steps * size - samples >= size:
        warnings.warn(
            f"There are {-(-samples // size)} batches of {size} samples, and {steps} steps were asked for: what there "
            "is was run.",
            UserWarning,
            stacklevel=4,
        )
    return size


def require_batch(value: Any, size: int, samples: int) -> None:
    """Refuse to train on batches of `size` where `value` asked for them and there are fewer samples."""
    if value is not None and size > samples:
        raise ParameterError(
            f"`batch_size` is {size}, and there are {samples} samples to train on. "
            "Hint: leave `batch_size` out; its default is cut to what there is."
        )


def count_or_none(name: str, value: Any) -> int | None:
    """An integer >= 1, or None."""
    return None if value is None else integer(name, value, 1)


def verbosity(value: Any) -> int:
    """0 (silent), 1 (a progress line), 2 (a title and a line an epoch) or 3 (titles alone); "auto" is 1."""
    if isinstance(value, str):
        if value == "auto":
            return 1
    elif value in (0, 1, 2, 3):
        return int(value)
    raise ParameterError(f"`verbose` must be 'auto', 0, 1, 2 or 3. Received: verbose={shown(value)}")
