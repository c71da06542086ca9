"""Regularization by leaving out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from convcore.errors import ParameterError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.seeds import SeedGenerator
from convcore.layers.validation import InputSpec, Shape, either_data_format, real

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["AlphaDropout", "Dropout", "SpatialDropout1D", "SpatialDropout2D"]

NoiseShape = tuple[int | None, ...]


class Dropout(Layer):
    """In training, sets a share `rate` of the elements to 0 and divides the others by ``1 - rate``; else nothing.

    The output has the input's shape. Along the axes where `noise_shape`, the batch axis first, has 1, elements are kept
    or dropped together. Without `seed`, one is drawn from the process's stream when it is first needed.

    >>> Dropout(0.5)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    _built_at_init = True
    _draws_if_told = True
    _kind: ClassVar[str] = "dropout"

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate_of(rate)
        self.noise_shape = _standardize_noise_shape(noise_shape)
        self.seed_generator: SeedGenerator = SeedGenerator(seed)
        self.seed = self.seed_generator.seed

    def compute_output_shape(self, input_shape: Any) -> Shape:
        noise = self.noise_shape
        if noise is not None and (
            len(noise) != len(input_shape)
            or any(None not in (n, size) and n not in (1, size) for n, size in zip(noise, input_shape, strict=True))
        ):
            raise ShapeError(
                f"Layer '{self.name}': `noise_shape` must have 1, None or the size of the axis for each axis of the "
                f"inputs. Received: noise_shape={noise} for inputs of shape {tuple(input_shape)}"
            )
        return super().compute_output_shape(input_shape)

    def lower(self, graph: Graph, x: Value) -> Value:
        if self.rate == 0:
            return x
        seed, noise_shape = self.seed_generator.drawn, self._noise_shape_for(len(x.shape) + 1)
        return graph.add(self._kind, x, rate=self.rate, seed=seed, noise_shape=noise_shape)

    def _noise_shape_for(self, rank: int) -> NoiseShape | None:
        """The noise shape for inputs of `rank` axes."""
        return self.noise_shape

    def get_config(self) -> dict[str, Any]:
        noise_shape = None if self.noise_shape is None else list(self.noise_shape)
        return {**super().get_config(), "rate": self.rate, "seed": self.seed, "noise_shape": noise_shape}


class AlphaDropout(Dropout):
    """Dropout that keeps mean and variance of what selu gives (Klambauer et al., 2017): in training a share `rate` of
    the elements becomes selu's lowest value, and all are scaled and shifted; else nothing.

    `noise_shape` and `seed` are those of `Dropout`. ParameterError in training with a rate of 1.

    >>> AlphaDropout(0.5)([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    _kind = "alpha_dropout"


class SpatialDropout1D(Dropout):
    """`Dropout` of whole channels of inputs (batch, steps, channels) (Tompson et al., 2014).

    >>> SpatialDropout1D(0.5)([[[1.0, 2.0]]])
    array([[[1., 2.]]], dtype=float32)
    """

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=3)

    def _noise_shape_for(self, rank: int) -> NoiseShape:
        return (None, 1, None)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {key: config[key] for key in ("rate", "seed", "name", "dtype")}


class SpatialDropout2D(Dropout):
    """`Dropout` of whole channels of images (batch, height, width, channels), or with ``"channels_first"`` (batch,
    channels, height, width) (Tompson et al., 2014).

    >>> SpatialDropout2D(0.5)([[[[1.0, 2.0]]]])
    array([[[[1., 2.]]]], dtype=float32)
    """

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.data_format = either_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)

    def _noise_shape_for(self, rank: int) -> NoiseShape:
        return (None, None, 1, 1) if self.data_format == "channels_first" else (None, 1, 1, None)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {key: config[key] for key in ("rate", "seed", "name", "dtype")} | {"data_format": self.data_format}


def rate_of(value: Any) -> float:
    """`value`, a share from 0 to 1."""
    return real(
        value,
        f"Invalid value received for argument `rate`. Expected a float value between 0 and 1. Received: rate={value}",
        minimum=0.0,
        maximum=1.0,
    )


def _standardize_noise_shape(value: Any) -> NoiseShape | None:
    """`value`, None or an iterable of positive integers and None, as a tuple."""
    if value is None:
        return None
    prefix = "Invalid value received for argument `noise_shape`. Expected "
    if isinstance(value, str):
        raise ParameterError(f"{prefix}a tuple or list of integers. Received: noise_shape={value}")
    try:
        dims = tuple(value)
    except TypeError:
        raise ParameterError(
            f"{prefix}an iterable of integers (e.g., a tuple or list). Received: noise_shape={value}"
        ) from None
    for number, dim in enumerate(dims):
        if dim is not None and (isinstance(dim, bool) or not isinstance(dim, int)):
            raise ParameterError(
                f"{prefix}all elements to be integers or None. Received element at index {number}: {dim} "
                f"(type: {type(dim).__name__})"
            )
        if dim is not None and dim <= 0:
            raise ParameterError(
                f"{prefix}all dimensions to be positive integers or None. Received negative or zero value at index "
                f"{number}: {dim}"
            )
    return dims
