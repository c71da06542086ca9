"""Preprocessing inside the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convcore.errors import NotSupportedError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.formats import image_data_format
from convcore.layers.validation import Shape, real, standardize_shape

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Rescaling"]

FloatArray = npt.NDArray[np.float32]


class Rescaling(Layer):
    """``x * scale + offset``, element by element; as the first layer it takes uint8 images as they are.

    The output has the input's shape. Scale and offset are numbers, or one number for each channel: the last axis, or as
    `backend.set_image_data_format` said when the layer was made.

    >>> Rescaling(2.0, offset=1.0)([[0, 3]])
    array([[1., 7.]], dtype=float32)
    """

    _takes_one = None

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._axis = -3 if image_data_format() == "channels_first" else -1
        self.scale, self.offset = _checked("scale", scale), _checked("offset", offset)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        self._by_channel(input_shape[self._axis] if len(input_shape) > -self._axis else None)
        return standardize_shape(input_shape)

    def _by_channel(self, channels: int | None) -> list[FloatArray] | None:
        """Scales and offsets, one for each channel; None if there is but one of each."""
        if not isinstance(self.scale, list) and not isinstance(self.offset, list):
            return None
        try:
            given = (np.asarray(each, np.float32) for each in (self.scale, self.offset))
            return [np.broadcast_to(each, (channels or 1,)) for each in given]
        except ValueError:
            raise ShapeError(
                f"`scale` and `offset` of layer '{self.name}' must be one number or one for each of {channels} "
                f"channels. Received: scale={self.scale}, offset={self.offset}"
            ) from None

    def lower(self, graph: Graph, x: Value) -> Value:
        rank = len(x.shape)
        each = self._by_channel(x.shape[self._axis] if rank >= -self._axis else 1)
        if each is None:
            return graph.add("scale_shift", x, scale=self.scale, offset=self.offset)
        if self._axis == -3:
            order = [*range(rank - 3), rank - 2, rank - 1, rank - 3]
            x = graph.add("permute", x, order=order)
        zero, one = np.zeros_like(each[0]), np.ones_like(each[0])
        y = graph.add("standardize", x, mean=zero, variance=one, scale=each[0], offset=each[1])
        return y if self._axis == -1 else graph.add("permute", y, order=[order.index(axis) for axis in range(rank)])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}


def _checked(argument: str, value: Any) -> float | list[float]:
    message = f"`{argument}` of a Rescaling layer must be a finite number. Received: {argument}={value!r}"
    array = np.asarray(value) if isinstance(value, list | tuple | np.ndarray) else None
    if array is None or array.ndim == 0:
        return real(value if array is None else array.item(), message)
    if array.ndim != 1:
        raise NotSupportedError(
            f"convcore does not implement `{argument}` of several axes in keras.layers.Rescaling (supported: a "
            f"number, or one for each channel). Received: {argument}={value!r}"
        )
    return [real(each, message) for each in array.tolist()]
