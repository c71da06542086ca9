"""Images that are shifted, turned, stretched and flipped at random, each by itself, in training."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from convcore.errors import NotSupportedError, ParameterError
from convcore.layers.images import RandomImageLayer
from convcore.layers.validation import factor_range, real
from convcore.ops.affine import FILL_MODES
from convcore.plans.affine import Ranges

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom"]

_FILL_MODES = ("reflect", "wrap", "constant", "nearest")
_INTERPOLATIONS = ("nearest", "bilinear")


class RandomAffine(RandomImageLayer):
    """What the layers share that draw an affine map for each image of a batch, in training; else they do nothing.

    Called on arrays by itself such a layer augments, unless ``training=False``; a single image is fine then too.
    """

    _interpolation: str = "bilinear"
    _fill_mode: str = "reflect"
    _fill_value: float = 0.0

    @abstractmethod
    def _ranges(self) -> Ranges:
        """Between what the maps are drawn."""

    def lower(self, graph: Graph, x: Value) -> Value:
        return graph.add(
            "random_affine",
            x,
            ranges=self._ranges(),
            seed=self.seed_generator.drawn,
            interpolation=self._interpolation,
            border=FILL_MODES[self._fill_mode],
            fill_value=self._fill_value,
            first=self._is_first,
        )


class FilledAffine(RandomAffine):
    """Those of them that show places outside of the image, and between its pixels."""

    def __init__(
        self,
        fill_mode: str,
        interpolation: str,
        seed: int | None,
        fill_value: float,
        data_format: str | None,
        kwargs: dict[str, Any],
    ) -> None:
        super().__init__(seed, data_format, kwargs)
        for name, value, allowed in (
            ("fill_mode", fill_mode, _FILL_MODES),
            ("interpolation", interpolation, _INTERPOLATIONS),
        ):
            if value not in allowed:
                raise NotSupportedError(f"Unknown `{name}` {value}. Expected of one {allowed}.")
        self.fill_mode = self._fill_mode = fill_mode
        self.interpolation = self._interpolation = interpolation
        self.fill_value = self._fill_value = real(
            fill_value, f"The `fill_value` argument should be a finite number. Received: fill_value={fill_value!r}"
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "fill_mode": self.fill_mode,
            "interpolation": self.interpolation,
            "seed": self.seed,
            "fill_value": self.fill_value,
            "data_format": self.data_format,
        }


class RandomTranslation(FilledAffine):
    """Shifts each image, in training, by random parts of its height (down) and width (to the right).

    `height_factor` and `width_factor` are numbers within -1 and 1, for the range from minus to plus that, or pairs.
    What comes in from outside `fill_mode` says: "reflect" cba|abcd|dcb, "wrap" bcd|abcd|abc, "nearest" aaa|abcd|ddd or
    "constant", the number `fill_value`; what is between pixels, `interpolation`: "bilinear" or "nearest".

    The output has the input's shape. Without `seed`, one is drawn from the process's stream when it is first needed.

    >>> RandomTranslation(0, (0.5, 0.5), fill_mode="constant")([[[[1.0], [2.0]]]]).ravel().tolist()
    [0.0, 1.0]
    """

    _LIMITS: ClassVar[str] = (
        "The `factor` argument should be a number (or a list of two numbers) in the range [-1.0, 1.0]. "
    )

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, kwargs)
        self._height = factor_range(height_factor, "height_factor", self._LIMITS)
        self._width = factor_range(width_factor, "width_factor", self._LIMITS)
        self.height_factor, self.width_factor = height_factor, width_factor

    def _ranges(self) -> Ranges:
        return Ranges(shift_h=self._height, shift_w=self._width)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "height_factor": self.height_factor, "width_factor": self.width_factor}


class RandomZoom(FilledAffine):
    """Stretches each image, in training, about its centre: shows 1 + a random factor of its height and its width.

    `height_factor` and `width_factor` are numbers above -1 and up to 1, for the range from minus to plus that, or
    pairs; negative factors enlarge. Without a `width_factor` the aspect stays. The others as of `RandomTranslation`.

    >>> RandomZoom((1, 1), fill_mode="constant")([[[[1.0], [2.0], [3.0]]]]).ravel().tolist()
    [0.0, 2.0, 0.0]
    """

    _LIMITS: ClassVar[str] = (
        "The `height_factor` and `width_factor` arguments should be a number (or a list of two numbers) "
        "in the range (-1.0, 1.0]. "
    )

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, kwargs)
        self._height = factor_range(height_factor, "height_factor", self._LIMITS, open_below=True)
        given = height_factor if width_factor is None else width_factor
        self._width = factor_range(given, "width_factor", self._LIMITS, open_below=True)
        self.height_factor, self.width_factor = height_factor, width_factor

    def _ranges(self) -> Ranges:
        zoom_h, zoom_w = ((1 + low, 1 + high) for low, high in (self._height, self._width))
        return Ranges(zoom_h=zoom_h, zoom_w=zoom_w, keeps_aspect=self.width_factor is None)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "height_factor": self.height_factor, "width_factor": self.width_factor}


class RandomRotation(FilledAffine):
    """Turns each image, in training, about its centre by a random part of a full turn, counter-clockwise if positive.

    `factor` is a number within -1 and 1, for the range from minus to plus that, or a pair. The others as of
    `RandomTranslation`.

    >>> RandomRotation((0.25, 0.25))([[[[1.0], [2.0]], [[3.0], [4.0]]]]).ravel().tolist()
    [2.0, 4.0, 1.0, 3.0]
    """

    _LIMITS: ClassVar[str] = (
        "The `factor` argument should be a number (or a list of two numbers) in the range [-1, 1]. "
    )

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, kwargs)
        self.factor = factor_range(factor or 0.0, "factor", self._LIMITS)

    def _ranges(self) -> Ranges:
        return Ranges(turn=self.factor)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


class RandomFlip(RandomAffine):
    """Flips half of the images, in training: `mode` "horizontal" (left to right), "vertical" (upside down), or
    "horizontal_and_vertical", both at once.

    The output has the input's shape. Without `seed`, one is drawn from the process's stream when it is first needed.

    >>> RandomFlip("horizontal")([[[[1.0], [2.0]]]], training=False).ravel().tolist()
    [1.0, 2.0]
    """

    _interpolation = "nearest"
    _fill_mode = "nearest"

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, data_format, kwargs)
        modes = ("horizontal", "vertical", "horizontal_and_vertical")
        if mode not in modes:
            raise ParameterError(f"The `mode` argument must be one of {modes}. Received: mode={mode!r}")
        self.mode = mode

    def _ranges(self) -> Ranges:
        return Ranges(flips_h="vertical" in self.mode, flips_w="horizontal" in self.mode)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed, "mode": self.mode, "data_format": self.data_format}
