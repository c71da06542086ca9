"""Images of another size, as preprocessing inside the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcore.errors import NotSupportedError, ParameterError, ShapeError
from convcore.layers.images import ImageLayer, RandomImageLayer
from convcore.layers.layout import shape_from_channels_last, shape_to_channels_last
from convcore.layers.validation import Shape, positive_integer, real, refuse_unsupported
from convcore.plans.affine import Ranges, height_and_width

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["CenterCrop", "RandomCrop", "Resizing"]

Size = tuple[int, int]


def _length(value: Any, name: str) -> int:
    return positive_integer(value, f"`{name}` must be a positive integer. Received: {name}={value!r}")


class Resized(ImageLayer):
    """What gives images of `height` and `width`."""

    height: int
    width: int

    def compute_output_shape(self, input_shape: Any) -> Shape:
        batch, *_, channels = shape_to_channels_last(tuple(input_shape), self.data_format)
        return shape_from_channels_last((batch, self.height, self.width, channels), self.data_format)

    def _pixels(self, x: Value) -> Size:
        return height_and_width(x.shape, self._is_first)

    def _framed(self, graph: Graph, x: Value, rows: Size, columns: Size) -> Value:
        """`x` with so many rows and columns more, or fewer, at its sides."""
        if rows == columns == (0, 0):
            return x
        return graph.add("frame", x, rows=rows, columns=columns, data_format=self.data_format)

    def _middle(self, height: int, width: int) -> tuple[Size, Size]:
        """First and count of rows, and of columns, of the largest middle window with the output's aspect ratio."""
        rows = max(min(height, int(float(width * self.height) / self.width)), 1)
        columns = max(min(width, int(float(height * self.width) / self.height)), 1)
        return (int(float(height - rows) / 2), rows), (int(float(width - columns) / 2), columns)

    def _cropped(self, graph: Graph, x: Value) -> Value:
        height, width = self._pixels(x)
        (top, rows), (left, columns) = self._middle(height, width)
        return self._framed(graph, x, (-top, top + rows - height), (-left, left + columns - width))

    def _resized(self, graph: Graph, x: Value, interpolation: str) -> Value:
        height, width = self._pixels(x)
        (b1, b2), (a0, a2) = (
            _place(old, new, interpolation) for old, new in ((height, self.height), (width, self.width))
        )
        return graph.add(
            "resample", x, size=(self.height, self.width), place=(a0, a2, b1, b2), interpolation=interpolation,
            first=self._is_first, ranges=None,
        )  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        sizes = {"height": self.height, "width": self.width, "data_format": self.data_format}
        return {**super().get_config(), **sizes}


def _place(old: int, new: int, interpolation: str) -> tuple[float, float]:
    """Slope and start of the line from the centres of `new` pixels to those of `old`."""
    slope = old / new
    # Where a place is just between two pixels, the one behind it is nearest, however float32 rounds.
    return slope, (slope - 1) / 2 + (1 / (8 * new) if interpolation == "nearest" else 0.0)


class Resizing(Resized):
    """Images of `height` and `width`: each pixel of the output is that of the input at its place, or the mean of the
    four around it.

    `interpolation` is "bilinear" or "nearest". ``crop_to_aspect_ratio=True`` first cuts off what is too much of one
    side, ``pad_to_aspect_ratio=True`` adds `fill_value` where it is too little.

    >>> Resizing(1, 2)([[[[1.0], [2.0], [3.0], [4.0]]]]).ravel().tolist()
    [1.5, 3.5]
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format, kwargs)
        self.height, self.width = _length(height, "height"), _length(width, "width")
        if interpolation not in ("bilinear", "nearest"):
            raise NotSupportedError(
                f"convcore does not implement interpolation={interpolation!r} of keras.layers.Resizing (supported: "
                "'bilinear', 'nearest')"
            )
        if fill_mode != "constant":
            raise ParameterError(
                "Invalid value for argument `fill_mode`. Only `'constant'` is supported. "
                f"Received: fill_mode={fill_mode}"
            )
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ParameterError("Only one of `pad_to_aspect_ratio` & `crop_to_aspect_ratio` can be `True`.")
        refuse_unsupported("Resizing", antialias=antialias or None)
        self.interpolation, self.fill_mode, self.antialias = interpolation, fill_mode, False
        self.crop_to_aspect_ratio, self.pad_to_aspect_ratio = bool(crop_to_aspect_ratio), bool(pad_to_aspect_ratio)
        self.fill_value = real(fill_value, f"`fill_value` must be a finite number. Received: fill_value={fill_value!r}")

    def lower(self, graph: Graph, x: Value) -> Value:
        if self.crop_to_aspect_ratio:
            x = self._cropped(graph, x)
        elif self.pad_to_aspect_ratio:
            x = self._padded(graph, x)
        return self._resized(graph, x, self.interpolation)

    def _padded(self, graph: Graph, x: Value) -> Value:
        height, width = self._pixels(x)
        top = int(float(max(height, int(float(width * self.height) / self.width)) - height) / 2)
        left = int(float(max(width, int(float(height * self.width) / self.height)) - width) / 2)
        # A frame has zeros: the fill value becomes zero for it.
        if self.fill_value:
            x = graph.add("scale_shift", x, scale=1.0, offset=-self.fill_value)
        x = self._framed(graph, x, (top, top), (0, 0) if top else (left, left))
        return graph.add("scale_shift", x, scale=1.0, offset=self.fill_value) if self.fill_value else x

    def get_config(self) -> dict[str, Any]:
        names = ("interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "fill_mode", "fill_value", "antialias")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class CenterCrop(Resized):
    """The middle of images, `height` by `width`; smaller ones are cropped to that aspect ratio and made larger.

    >>> CenterCrop(1, 2)([[[[1.0], [2.0], [3.0], [4.0]]]]).ravel().tolist()
    [2.0, 3.0]
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, kwargs)
        self.height, self.width = _length(height, "height"), _length(width, "width")

    def lower(self, graph: Graph, x: Value) -> Value:
        height, width = self._pixels(x)
        top, left = int((height - self.height) / 2), int((width - self.width) / 2)
        if height < self.height or width < self.width:
            return self._resized(graph, self._cropped(graph, x), "bilinear")
        rows, columns = (-top, top + self.height - height), (-left, left + self.width - width)
        return self._framed(graph, x, rows, columns)


class RandomCrop(Resized, RandomImageLayer):
    """A window of `height` by `width` at a random place of each image, in training.

    In inference, and of images that are not larger in both directions, it is the largest window in the middle with that
    aspect ratio, resized. Without `seed`, one is drawn from the process's stream when it is first needed.

    >>> RandomCrop(1, 2)([[[[1.0], [2.0], [3.0], [4.0]]]], training=False).ravel().tolist()
    [2.0, 3.0]
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        RandomImageLayer.__init__(self, seed, data_format, {"name": name, **kwargs})
        self.height, self.width = _length(height, "height"), _length(width, "width")

    def compute_output_shape(self, input_shape: Any) -> Shape:
        if None in shape_to_channels_last(tuple(input_shape), self.data_format)[1:3]:
            raise ShapeError(
                "RandomCrop requires the input to have a fully defined height and width. Received: "
                f"images.shape={tuple(input_shape)}"
            )
        return super().compute_output_shape(input_shape)

    def lower(self, graph: Graph, x: Value) -> Value:
        height, width = self._pixels(x)
        if height <= self.height or width <= self.width:
            return self._resized(graph, self._cropped(graph, x), "bilinear")
        # From half a pixel before the first place to half a pixel behind the last; the nearest whole one is taken.
        down, right = (
            (0.5 / old, (new - old - 0.5) / old) for old, new in ((height, self.height), (width, self.width))
        )
        (top, rows), (left, columns) = self._middle(height, width)
        (b1, b2), (a0, a2) = _place(rows, self.height, "bilinear"), _place(columns, self.width, "bilinear")
        return graph.add(
            "resample", x, size=(self.height, self.width), place=(a0, a2 + left, b1, b2 + top),
            interpolation="bilinear", first=self._is_first, ranges=Ranges(shift_h=down, shift_w=right),
            seed=self.seed_generator.drawn,
        )  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}
