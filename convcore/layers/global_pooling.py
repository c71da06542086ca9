"""Pooling of whole images and lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from convcore.checks import flag
from convcore.errors import NotSupportedError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.eager import as_float32
from convcore.layers.layout import shape_from_channels_last, shape_to_channels_last
from convcore.layers.symbolic import SymbolicTensor
from convcore.layers.validation import InputSpec, Shape, either_data_format

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = [
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
]


class _GlobalPooling(Layer):
    """One number a plane, (batch, channels), or with `keepdims` an image or a line of one pixel."""

    _built_at_init = True
    _axes: ClassVar[int]
    _kind: ClassVar[str]

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = either_data_format(data_format)
        self.keepdims = flag("keepdims", keepdims)
        self.input_spec = InputSpec(ndim=self._axes + 2)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, *_, channels = shape_to_channels_last(tuple(input_shape), self.data_format)
        if not self.keepdims:
            return (batch, channels)
        return shape_from_channels_last((batch, *(1,) * self._axes, channels), self.data_format)

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add(self._kind, x, data_format=self.data_format, keepdims=self.keepdims)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}


class GlobalAveragePooling1D(_GlobalPooling):
    """The mean of each channel of a line: (batch, length, channels) to (batch, channels).

    A call on arrays takes a `mask` (batch, length), 0 at the steps that do not count.

    >>> GlobalAveragePooling1D()([[[1.0], [3.0], [2.0]]]).tolist()
    [[2.0]]
    >>> GlobalAveragePooling1D()([[[1.0], [3.0], [2.0]]], mask=[[True, True, False]]).tolist()
    [[2.0]]
    """

    _axes, _kind = 1, "global_avg_pool"

    def __call__(  # type: ignore[override] # Keras's order
        self, x: Any, mask: Any = None, training: bool | None = False
    ) -> Any:
        if mask is None:
            return super().__call__(x, training)
        if isinstance(x, SymbolicTensor):
            raise NotSupportedError(
                "convcore does not implement the argument `mask` of keras.layers.GlobalAveragePooling1D in a "
                "functional model (supported: calls on arrays)"
            )
        (array,) = self._checked([x])
        weights = as_float32(mask, f"The mask of layer '{self.name}'")
        steps = 1 if self.data_format == "channels_last" else 2
        if weights.shape != (len(array), array.shape[steps]):
            raise ShapeError(
                f"The mask of layer '{self.name}' must have the shape {(len(array), array.shape[steps])}, one number "
                f"for each step. Received a mask of shape {weights.shape}."
            )
        counts = np.expand_dims(weights, 3 - steps)
        total = (array * counts).sum(axis=steps, keepdims=self.keepdims)
        return total / counts.sum(axis=steps, keepdims=self.keepdims)


class GlobalAveragePooling2D(_GlobalPooling):
    """The mean of each channel of an image: (batch, height, width, channels) to (batch, channels).

    >>> GlobalAveragePooling2D(keepdims=True).compute_output_shape((None, 7, 7, 512))
    (None, 1, 1, 512)
    """

    _axes, _kind = 2, "global_avg_pool"


class GlobalMaxPooling1D(_GlobalPooling):
    """The maximum of each channel of a line; the gradient goes to the first one, where Keras shares it among equals.

    >>> GlobalMaxPooling1D()([[[1.0], [3.0], [2.0]]]).tolist()
    [[3.0]]
    """

    _axes, _kind = 1, "global_max_pool"


class GlobalMaxPooling2D(_GlobalPooling):
    """The maximum of each channel of an image; the gradient goes to the first one, where Keras shares it among equals.

    >>> GlobalMaxPooling2D("channels_first").compute_output_shape((None, 512, 7, 7))
    (None, 512)
    """

    _axes, _kind = 2, "global_max_pool"


GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
