"""Layers that take images, alone or in a batch."""

from __future__ import annotations

from typing import Any, ClassVar

from convcore.errors import NotSupportedError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.seeds import SeedGenerator
from convcore.layers.symbolic import SymbolicTensor
from convcore.layers.validation import InputSpec, either_data_format, refuse_unsupported

__all__ = ["ImageLayer", "RandomImageLayer"]


class ImageLayer(Layer):
    """What layers of images share: input (batch, height, width, channels), or a single image when called on arrays."""

    _built_at_init = True
    _takes_one = True
    _RANKS: ClassVar[str] = "Expected image tensor to have rank 3 (single image) or 4 (batch of images)"

    def __init__(self, data_format: str | None, kwargs: dict[str, Any]) -> None:
        refuse_unsupported(type(self).__name__, bounding_box_format=kwargs.pop("bounding_box_format", None))
        super().__init__(**kwargs)
        self.data_format = either_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        """The output for a batch or a single image `x`, any real dtype."""
        if isinstance(x, dict):
            raise NotSupportedError(
                f"convcore does not implement dictionaries as inputs of keras.layers.{type(self).__name__} "
                f"(supported: an array of images). Received: the keys {', '.join(map(repr, x))}"
            )
        shape = () if isinstance(x, (SymbolicTensor, list, tuple)) else getattr(x, "shape", ())
        if len(shape) == 3:
            return super().__call__(x[None], training)[0]
        if shape and len(shape) != 4:
            raise ShapeError(f"{self._RANKS}. Received: data.shape={shape}")
        return super().__call__(x, training)

    @property
    def _is_first(self) -> bool:
        return self.data_format == "channels_first"


class RandomImageLayer(ImageLayer):
    """Those of them that change images at random in training, as calls on arrays are unless ``training=False``."""

    def __init__(self, seed: int | None, data_format: str | None, kwargs: dict[str, Any]) -> None:
        super().__init__(data_format, kwargs)
        self.seed_generator: SeedGenerator = SeedGenerator(seed)
        self.seed = self.seed_generator.seed

    @property
    def _augments(self) -> bool:
        return True
