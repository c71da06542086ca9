"""Images with random brightness and contrast, each by itself, in training."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from convcore.errors import ParameterError
from convcore.layers.images import RandomImageLayer
from convcore.layers.validation import real

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["RandomBrightness", "RandomContrast"]

Pair = tuple[float, float]


class RandomColor(RandomImageLayer):
    """What the two share: a number for each image, drawn evenly between two limits, and the values that there are."""

    _RANKS = "Expected the input image to be rank 3 or 4"
    _LOWEST: ClassVar[float]
    _changes_contrast: ClassVar[bool]

    def __init__(
        self,
        factor: Any,
        value_range: tuple[float, float] = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, kwargs.pop("data_format", None), kwargs)
        self.factor = self._pair(factor)
        message = f"The `value_range` argument should be a list of two numbers. Received: value_range={value_range}"
        if not isinstance(value_range, list | tuple) or len(value_range) != 2:
            raise ParameterError(message)
        floor, ceiling = sorted(real(each, message) for each in value_range)
        self.value_range = (floor, ceiling)

    def _pair(self, factor: Any) -> Pair:
        lowest = self._LOWEST
        message = (
            "The `factor` argument should be a number (or a list of two numbers) in the range "
            f"[{lowest:g}, 1]. Received: factor={factor}"
        )
        if isinstance(factor, list | tuple):
            if len(factor) != 2:
                raise ParameterError(message)
            low, high = sorted(real(each, message, lowest, 1.0) for each in factor)
            return low, high
        size = abs(real(factor, message, lowest, 1.0))
        return max(-size, lowest), size

    @abstractmethod
    def _limits(self) -> Pair:
        """Between what the numbers are drawn."""

    def lower(self, graph: Graph, x: Value) -> Value:
        (low, high), (floor, ceiling) = self._limits(), self.value_range
        return graph.add(
            "random_color", x, low=low, high=high, floor=floor, ceiling=ceiling, contrast=self._changes_contrast,
            seed=self.seed_generator.drawn, first=self._is_first,
        )  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        own = {"factor": self.factor, "value_range": self.value_range, "seed": self.seed}
        return {**super().get_config(), **own, "data_format": self.data_format}


class RandomBrightness(RandomColor):
    """Adds a number to each image, in training: a random part of the `value_range`, between the two of `factor`.

    `factor` is a pair within -1 and 1, or a number, for the range from minus to plus that. What leaves the
    `value_range` is cut off. The output has the input's shape. Without `seed`, one is drawn from the process's stream
    when it is first needed.

    >>> RandomBrightness((0.2, 0.2))([[[[0.0], [250.0]]]]).ravel().tolist()
    [51.0, 255.0]
    """

    _LOWEST = -1.0
    _changes_contrast = False

    def _limits(self) -> Pair:
        size = self.value_range[1] - self.value_range[0]
        return self.factor[0] * size, self.factor[1] * size


class RandomContrast(RandomColor):
    """Multiplies the distance of each pixel from its channel's mean in the image, in training, by a random number
    between ``1 - factor[0]`` and ``1 + factor[1]``.

    `factor` is a pair within 0 and 1; a number is the pair of 0 and that. What leaves the `value_range` is cut off. The
    output has the input's shape. Without `seed`, one is drawn from the process's stream when it is first needed.

    >>> RandomContrast((0.0, 0.0))([[[[10.0], [20.0]]]]).ravel().tolist()
    [10.0, 20.0]
    """

    _LOWEST = 0.0
    _changes_contrast = True

    def _limits(self) -> Pair:
        return 1.0 - self.factor[0], 1.0 + self.factor[1]
