"""Pooling over windows of images and of lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcore.layers.base import Layer
from convcore.layers.layout import from_images, shape_from_channels_last, shape_to_channels_last, to_images
from convcore.layers.validation import (
    InputSpec,
    Shape,
    check_output_sizes,
    either_data_format,
    output_size,
    standardize_padding,
    standardize_tuple,
)

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AvgPool1D",
    "AvgPool2D",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPooling1D",
    "MaxPooling2D",
]


class _Pooling(Layer):
    """What pools over windows share."""

    _built_at_init = True
    _axes: ClassVar[int]
    _kind: ClassVar[str]

    def __init__(self, pool_size: Any, strides: Any, padding: Any, data_format: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pool_size = standardize_tuple(pool_size, self._axes, "pool_size")
        self.strides = self.pool_size if strides is None else standardize_tuple(strides, self._axes, "strides")
        self.padding = standardize_padding(padding)
        self.data_format = either_data_format(data_format)
        self.input_spec = InputSpec(ndim=self._axes + 2)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, *pixels, channels = shape_to_channels_last(tuple(input_shape), self.data_format)
        sizes = [
            output_size(size, pool, stride, self.padding)
            for size, pool, stride in zip(pixels, self.pool_size, self.strides, strict=True)
        ]
        check_output_sizes(
            sizes,
            f"`inputs shape={tuple(input_shape)}`, `pool_size={self.pool_size}`, `strides={self.strides}`, "
            f"`padding={self.padding}`",
        )
        return shape_from_channels_last((batch, *sizes, channels), self.data_format)

    def lower(self, graph: Graph, x: Value) -> Value:
        one = (1,) * (2 - self._axes)
        words: dict[str, Any] = {"pool_size": (*one, *self.pool_size), "stride": (*one, *self.strides)}
        if self.data_format == "channels_last":
            y = graph.add(f"{self._kind}_pool2d", to_images(graph, x), **words, padding=self.padding)
            return from_images(graph, y, self._axes)
        return graph.add(f"{self._kind}_pool_planes", x, **words, padding=self.padding, data_format=self.data_format)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


class MaxPooling1D(_Pooling):
    """The maximum over windows of lines; as `MaxPooling2D`, for inputs (batch, length, channels).

    >>> MaxPooling1D(2)([[[1.0], [3.0], [2.0], [5.0]]]).ravel().tolist()
    [3.0, 5.0]
    """

    _axes, _kind = 1, "max"

    def __init__(
        self,
        pool_size: int | tuple[int] = 2,
        strides: int | tuple[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class MaxPooling2D(_Pooling):
    """The maximum over windows of images.

    Input (batch, height, width, channels), output (batch, out_height, out_width, channels), or the channels after the
    batch with ``data_format="channels_first"``; `strides` None means `pool_size`. Per axis, ``padding="valid"`` gives
    ``(size - pool) // stride + 1`` outputs and ``"same"`` ``ceil(size / stride)``, padded with minus infinity. The
    gradient goes to the first maximum of a window.

    >>> MaxPooling2D().compute_output_shape((None, 13, 13, 64))
    (None, 6, 6, 64)
    """

    _axes, _kind = 2, "max"

    def __init__(
        self,
        pool_size: int | tuple[int, int] = (2, 2),
        strides: int | tuple[int, int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class AveragePooling1D(_Pooling):
    """The mean over windows of lines; as `AveragePooling2D`, for inputs (batch, length, channels).

    >>> AveragePooling1D(2)([[[1.0], [3.0], [2.0], [5.0]]]).ravel().tolist()
    [2.0, 3.5]
    """

    _axes, _kind = 1, "avg"

    def __init__(
        self,
        pool_size: int | tuple[int],
        strides: int | tuple[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class AveragePooling2D(_Pooling):
    """The mean over windows of images; arguments and shapes are those of `MaxPooling2D`.

    With ``padding="same"`` a window at the border is divided by the number of its pixels in the image.

    >>> AveragePooling2D(2).compute_output_shape((None, 13, 13, 64))
    (None, 6, 6, 64)
    """

    _axes, _kind = 2, "avg"

    def __init__(
        self,
        pool_size: int | tuple[int, int],
        strides: int | tuple[int, int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
