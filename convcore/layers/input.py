"""The declaration of a model's input."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from convcore.errors import NotSupportedError, ParameterError
from convcore.layers.base import Layer
from convcore.layers.symbolic import Call, SymbolicTensor
from convcore.layers.validation import Shape, positive_integer, refuse_unsupported, standardize_shape

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Input", "InputLayer"]


class InputLayer(Layer):
    """The first layer of a model: `shape` is that of one sample, `batch_shape` has the batch axis first."""

    _built_at_init = True

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name)
        if "input_shape" in kwargs:
            warnings.warn("Argument `input_shape` is deprecated. Use `shape` instead.", UserWarning, stacklevel=2)
            shape = kwargs.pop("input_shape")
        if "batch_input_shape" in kwargs:
            batch_shape = kwargs.pop("batch_input_shape")
        if kwargs:
            raise ParameterError(f"Unrecognized keyword arguments passed to InputLayer: {kwargs}")
        refuse_unsupported(
            "InputLayer",
            sparse=sparse or None,
            ragged=ragged or None,
            input_tensor=input_tensor,
            optional=optional or None,
        )
        if shape is not None and batch_shape is not None:
            raise ParameterError("You cannot pass both `shape` and `batch_shape` at the same time.")
        if batch_size is not None and batch_shape is not None:
            raise ParameterError("You cannot pass both `batch_size` and `batch_shape` at the same time.")
        if shape is None and batch_shape is None:
            raise ParameterError("You must pass a `shape` argument.")
        if batch_size is not None:
            batch_size = positive_integer(
                batch_size, f"`batch_size` must be None or a positive integer. Received: batch_size={batch_size}."
            )
        self.batch_shape: Shape = (
            (batch_size, *standardize_shape(shape)) if shape is not None else standardize_shape(batch_shape)
        )
        if not self.batch_shape:
            raise ParameterError("`batch_shape` must have the batch axis first. Received: batch_shape=()")
        self.dtype = _dtype(dtype)
        self._build_shape = self.batch_shape
        self._link()

    def _link(self) -> None:
        self._calls = [Call(self, (), [self.batch_shape], [self.name])]

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        twin = super().__deepcopy__(memo)
        twin._link()
        return twin

    def compute_output_shape(self, input_shape: Any = None) -> Shape:
        return self.batch_shape

    def lower(self, graph: Graph, x: Value) -> Value:
        return x

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": False,
            "ragged": False,
            "optional": False,
            "name": self.name,
        }


def Input(  # noqa: N802 - Keras's name
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: None = None,
    optional: bool = False,
) -> SymbolicTensor:
    """Declare a model's input: call layers on it, or give it to `Sequential` as the first entry.

    >>> Input((28, 28, 1)).shape
    (None, 28, 28, 1)
    """
    refuse_unsupported("Input", tensor=tensor)
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        optional=optional,
        name=name,
    )
    (symbol,) = layer._calls[0].outputs
    return symbol


def _dtype(dtype: Any) -> str:
    """The name of the declared dtype: data of any real dtype is taken and cast to float32 in the first layer."""
    if dtype is None:
        return "float32"
    try:
        resolved = np.dtype(dtype)
    except TypeError:
        raise ParameterError(f"Invalid dtype of an Input: {dtype!r}. Allowed: real NumPy dtypes.") from None
    if resolved.kind not in "fiub":
        raise NotSupportedError(f"convcore does not implement Inputs of dtype {dtype!r} (supported: real NumPy dtypes)")
    return str(resolved.name)
