"""Preprocessing inside the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convcore.errors import NotSupportedError
from convcore.layers.base import Layer
from convcore.layers.validation import real

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Rescaling"]


class Rescaling(Layer):
    """``x * scale + offset``, element by element; as the first layer it takes uint8 images as they are.

    The output has the input's shape. Scale and offset are one number each for all channels.

    >>> Rescaling(2.0, offset=1.0)([[0, 3]])
    array([[1., 7.]], dtype=float32)
    """

    def __init__(self, scale: float, offset: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for argument, value in {"scale": scale, "offset": offset}.items():
            if isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) > 0:
                raise NotSupportedError(
                    f"convcore does not implement `{argument}` per channel in keras.layers.Rescaling (supported: one "
                    f"number for all channels). Received: {argument}={value!r}"
                )
        scale, offset = (value.item() if isinstance(value, np.ndarray) else value for value in (scale, offset))
        self.scale = real(scale, f"`scale` of a Rescaling layer must be a finite number. Received: scale={scale!r}")
        self.offset = real(
            offset, f"`offset` of a Rescaling layer must be a finite number. Received: offset={offset!r}"
        )

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("scale_shift", x, scale=self.scale, offset=self.offset)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}
