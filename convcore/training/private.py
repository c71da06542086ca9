"""Running a model without a trace."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np

from convcore.errors import NotSupportedError
from convcore.random import set_aside

__all__ = ["kept_random_numbers", "private_copy"]

Model = TypeVar("Model")


def private_copy(model: Model) -> Model:
    """A copy of `model` with weights, optimizer and custom layers of its own."""
    try:
        return copy.deepcopy(model)
    except TypeError as error:
        raise NotSupportedError(
            f"{type(model).__name__} cannot be copied: {error}. Hint: let custom layers keep no locks or files."
        ) from error


@contextmanager
def kept_random_numbers() -> Iterator[None]:
    """Leave the stream of seeds alone, and put back the global generators of Python and NumPy, which a custom layer may
    draw from."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  # what a layer may use all the same
    try:
        with set_aside():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
