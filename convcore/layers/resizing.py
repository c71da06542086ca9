"""Images and lines with zeros around them, without their borders, or larger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore.checks import shown
from convcore.errors import ParameterError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.layout import shape_from_channels_last, shape_to_channels_last
from convcore.layers.validation import InputSpec, Shape, either_data_format, standardize_tuple, times
from convcore.ops.resizing import interpolation_word

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Cropping1D", "Cropping2D", "UpSampling1D", "UpSampling2D", "ZeroPadding1D", "ZeroPadding2D"]

Sides = tuple[tuple[int, int], tuple[int, int]]


def _two(value: Any, name: str) -> tuple[int, int]:
    first, second = standardize_tuple(value, 2, name, allow_zero=True)
    return first, second


def _sides(value: Any, name: str) -> Sides:
    """An int, two of them for rows and columns, or two for each."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise ParameterError(f"`{name}` cannot be negative. Received: {name}={value}.")
        return (_two(value, name), _two(value, name))
    if isinstance(value, (str, bytes, bool)) or not hasattr(value, "__len__"):
        raise ParameterError(
            f"`{name}` should be either an int, a tuple of 2 ints (symmetric_height, symmetric_width), or a tuple of 2 "
            f"tuples of 2 ints ((top, bottom), (left, right)). Received: {name}={shown(value)}."
        )
    if len(value) != 2:
        raise ParameterError(f"`{name}` should have two elements. Received: {name}={shown(value)}.")
    return (_two(value[0], f"1st entry of {name}"), _two(value[1], f"2nd entry of {name}"))


def _changed(size: int | None, before_and_after: tuple[int, int], sign: int) -> int | None:
    return None if size is None else size + sign * sum(before_and_after)


class ZeroPadding1D(Layer):
    """Zeros before and behind lines: `padding` an int, or (before, behind).

    Input (batch, length, channels), or the channels after the batch with ``data_format="channels_first"``.

    >>> ZeroPadding1D((1, 2))([[[1.0], [2.0]]]).ravel().tolist()
    [0.0, 1.0, 2.0, 0.0, 0.0]
    """

    def __init__(self, padding: int | tuple[int, int] = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = either_data_format(data_format)
        self.padding = _two(padding, "padding")
        self.input_spec = InputSpec(ndim=3)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, length, channels = shape_to_channels_last(tuple(input_shape), self.data_format)
        return shape_from_channels_last((batch, _changed(length, self.padding, 1), channels), self.data_format)

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add("frame", x, rows=self.padding, data_format=self.data_format)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding, "data_format": self.data_format}


class ZeroPadding2D(Layer):
    """Zeros around images: `padding` an int, (height, width) or ((top, bottom), (left, right)).

    Input (batch, height, width, channels), or the channels after the batch with ``data_format="channels_first"``. Right
    before a convolution, the two are one step.

    >>> ZeroPadding2D(((1, 0), (2, 2))).compute_output_shape((None, 28, 28, 3))
    (None, 29, 32, 3)
    """

    def __init__(
        self,
        padding: int | tuple[int, int] | Sides = (1, 1),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = either_data_format(data_format)
        self.padding = _sides(padding, "padding")
        self.input_spec = InputSpec(ndim=4)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, *pixels, channels = shape_to_channels_last(tuple(input_shape), self.data_format)
        sizes = (_changed(size, added, 1) for size, added in zip(pixels, self.padding, strict=True))
        return shape_from_channels_last((batch, *sizes, channels), self.data_format)

    def lower(self, graph: Graph, x: Value) -> Value:
        rows, columns = self.padding
        return graph.add("frame", x, rows=rows, columns=columns, data_format=self.data_format)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding, "data_format": self.data_format}


class Cropping1D(Layer):
    """Lines without their ends: `cropping` an int, or (before, behind). Input (batch, length, channels).

    >>> Cropping1D((1, 0))([[[1.0], [2.0], [3.0]]]).ravel().tolist()
    [2.0, 3.0]
    """

    def __init__(self, cropping: int | tuple[int, int] = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = _two(cropping, "cropping")
        self.input_spec = InputSpec(ndim=3)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, length, channels = input_shape
        if length is not None and sum(self.cropping) >= length:
            raise ShapeError(
                "`cropping` parameter of `Cropping1D` layer must be smaller than the input length. Received: "
                f"input_shape={tuple(input_shape)}, cropping={self.cropping}"
            )
        return (batch, _changed(length, self.cropping, -1), channels)

    def lower(self, graph: Graph, x: Value) -> Value:
        before, behind = self.cropping
        return graph.add("frame", x, rows=(-before, -behind), data_format="channels_last")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cropping": self.cropping}


class Cropping2D(Layer):
    """Images without their borders: `cropping` an int, (height, width) or ((top, bottom), (left, right)).

    Input (batch, height, width, channels), or the channels after the batch with ``data_format="channels_first"``.

    >>> Cropping2D(((2, 2), (4, 4))).compute_output_shape((2, 28, 28, 3))
    (2, 24, 20, 3)
    """

    def __init__(
        self,
        cropping: int | tuple[int, int] | Sides = ((0, 0), (0, 0)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = either_data_format(data_format)
        self.cropping = _sides(cropping, "cropping")
        self.input_spec = InputSpec(ndim=4)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, *pixels, channels = shape_to_channels_last(tuple(input_shape), self.data_format)
        if any(size is not None and sum(cut) >= size for size, cut in zip(pixels, self.cropping, strict=True)):
            raise ShapeError(
                "Values in `cropping` argument should be smaller than the corresponding spatial dimension of the "
                f"input. Received: input_shape={tuple(input_shape)}, cropping={self.cropping}"
            )
        sizes = (_changed(size, cut, -1) for size, cut in zip(pixels, self.cropping, strict=True))
        return shape_from_channels_last((batch, *sizes, channels), self.data_format)

    def lower(self, graph: Graph, x: Value) -> Value:
        (top, bottom), (left, right) = self.cropping
        words: dict[str, Any] = {"rows": (-top, -bottom), "columns": (-left, -right)}
        return graph.add("frame", x, data_format=self.data_format, **words)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cropping": self.cropping, "data_format": self.data_format}


class UpSampling1D(Layer):
    """Each step of lines `size` times. Input (batch, length, channels), output (batch, length * size, channels).

    >>> UpSampling1D(2)([[[1.0], [2.0]]]).ravel().tolist()
    [1.0, 1.0, 2.0, 2.0]
    """

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = times(size, "size")
        self.input_spec = InputSpec(ndim=3)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, length, channels = input_shape
        return (batch, None if length is None else length * self.size, channels)

    def lower(self, graph: Graph, x: Value) -> Value:
        words: dict[str, Any] = {"interpolation": "nearest", "data_format": "channels_last"}
        return graph.add("upsample", x, size=(1, self.size), **words)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}


class UpSampling2D(Layer):
    """Images with `size` times as many rows and columns, an int or (rows, columns).

    Input (batch, height, width, channels), or the channels after the batch with ``data_format="channels_first"``;
    `interpolation` is "nearest", each pixel so many times, or "bilinear", as in `convcore.ops.upsample2d`.

    >>> UpSampling2D((2, 1)).compute_output_shape((None, 14, 14, 8))
    (None, 28, 14, 8)
    """

    def __init__(
        self,
        size: int | tuple[int, int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = either_data_format(data_format)
        self.size = standardize_tuple(size, 2, "size")
        self.interpolation = interpolation_word(interpolation)
        self.input_spec = InputSpec(ndim=4)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, *pixels, channels = shape_to_channels_last(tuple(input_shape), self.data_format)
        sizes = (None if size is None else size * factor for size, factor in zip(pixels, self.size, strict=True))
        return shape_from_channels_last((batch, *sizes, channels), self.data_format)

    def lower(self, graph: Graph, x: Value) -> Value:
        words: dict[str, Any] = {"interpolation": self.interpolation, "data_format": self.data_format}
        return graph.add("upsample", x, size=self.size, **words)

    def get_config(self) -> dict[str, Any]:
        words = {"size": self.size, "data_format": self.data_format, "interpolation": self.interpolation}
        return {**super().get_config(), **words}
