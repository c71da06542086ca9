"""Arrays that answer ``.numpy()``, as what TensorFlow's functions return does."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore import activations
from convcore.layers import Layer, functions
from convcore.losses import Loss, tape
from convcore.losses.functions import FUNCTIONS

__all__ = ["Tensor", "answer_with_tensors", "answering"]


class Tensor(np.ndarray[Any, np.dtype[Any]]):
    """A NumPy array with the methods of a tensor that scripts call.

    >>> np.ones(2).view(Tensor).numpy()
    array([1., 1.])
    """

    def numpy(self) -> npt.NDArray[Any]:
        """The same numbers as a plain array."""
        return self.view(np.ndarray)


def answering(function: Callable[..., Any], name: str | None = None) -> Callable[..., Any]:
    """`function`, whose arrays and numbers come back as tensors; on what stands for arrays between layers, the function
    called `name`.

    >>> answering(np.sum)([1.0, 2.0]).numpy()
    array(3.)
    """

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if name is not None and functions.is_symbolic(*args, *kwargs.values()):
            return functions.apply(name, args, kwargs)
        if name in FUNCTIONS and tape.is_recorded(*args, *kwargs.values()):
            return FUNCTIONS[name](*args, **functions.renamed(name, kwargs))
        result = function(*args, **kwargs)
        return np.asarray(result).view(Tensor) if isinstance(result, (np.ndarray, np.generic, float)) else result

    return wrapper


def answer_with_tensors() -> None:
    """From now on layers, models and losses of this process return tensors when they are called on arrays."""
    for owner in (Layer, Loss):
        owner.__call__ = answering(owner.__call__)  # type: ignore[method-assign]
    get = activations.get
    # An activation may be given as tf.nn.relu, which answers with tensors: a layer has to recognise it.
    activations.get = lambda identifier: get(getattr(identifier, "__wrapped__", identifier))
