"""Helpers for labels and data."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore.errors import DTypeError, LabelError, ParameterError, ShapeError

__all__ = ["normalize", "to_categorical"]


def to_categorical(x: npt.ArrayLike, num_classes: int | None = None) -> npt.NDArray[np.float64]:
    """Class ids as one-hot rows, float64 of shape ``x.shape + (num_classes,)``.

    A last axis of length 1 is dropped first. `num_classes` None means the largest id plus 1. LabelError for an id
    outside ``[0, num_classes)``.

    >>> to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    try:
        given = np.asarray(x)
    except ValueError:
        raise ShapeError("to_categorical: the rows of a nested sequence must have equal lengths.") from None
    if given.size and given.dtype.kind not in "fiub":
        raise DTypeError(f"to_categorical: dtype {given.dtype} is not allowed. Allowed: integers.")
    if given.ndim > 1 and given.shape[-1] == 1:
        given = given.reshape(given.shape[:-1])
    flat = given.ravel()
    with np.errstate(invalid="ignore"):
        ids = flat.astype(np.int64)
    if num_classes is None:
        classes = int(ids.max()) + 1 if ids.size else 0
    else:
        try:
            classes = operator.index(num_classes)
        except TypeError:
            raise ParameterError(
                f"`num_classes` must be None or an integer. Received: num_classes={num_classes!r}"
            ) from None
    wrong = np.flatnonzero((ids < 0) | (ids >= classes) | (ids != flat))
    if wrong.size:
        first = int(wrong[0])
        raise LabelError(
            f"to_categorical: the label at position {first} is {flat[first]}. Allowed: integers from 0 to "
            f"{classes - 1} (num_classes={classes})."
        )
    categorical = np.zeros((ids.size, classes))
    categorical[np.arange(ids.size), ids] = 1.0
    return categorical.reshape((*given.shape, classes))


def normalize(x: npt.ArrayLike, axis: int = -1, order: int = 2) -> npt.NDArray[Any]:
    """`x` divided by its norm of `order` along `axis`; where the norm is 0, unchanged.

    >>> normalize([[3.0, 4.0]])
    array([[0.6, 0.8]])
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ParameterError(f"Argument `order` must be an integer >= 1. Received: order={order}")
    array = np.asarray(x)
    norm = np.atleast_1d(np.linalg.norm(array, order, axis))
    norm[norm == 0] = 1
    normalized: npt.NDArray[Any] = array / np.expand_dims(norm, axis)
    return normalized
