"""Initial values of weights, with Keras's names, formulas and defaults.

The values come from PCG64's uniform stream (normal ones by the Box-Muller transform), so they are the same with
every version of NumPy. An initializer gives the same values at each call: those of its seed, or, without one, of
a seed drawn from the process's stream at its first call (see `convcore.utils.set_random_seed`).
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from convcore import random
from convcore.checks import real
from convcore.errors import NotSupportedError, ParameterError
from convcore.keras_names import missing
from convcore.naming import to_snake_case

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "deserialize",
    "get",
    "serialize",
]

FloatArray = npt.NDArray[np.float32]
# The standard deviation of a standard normal variable cut off at two standard deviations.
_TRUNCATED_STDDEV = 0.87962566103423978


class Initializer:
    """The base of all initializers: an object called with a shape that returns a float32 array."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> FloatArray:
        raise NotSupportedError(f"{type(self).__name__} does not define __call__(shape, dtype=None).")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON types."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class Zeros(Initializer):
    """All zeros."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> FloatArray:
        return np.zeros(tuple(shape), dtype=np.float32)


class Ones(Initializer):
    """All ones."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> FloatArray:
        return np.ones(tuple(shape), dtype=np.float32)


class Constant(Initializer):
    """All `value`.

    >>> Constant(3.0)((2,))
    array([3., 3.], dtype=float32)
    """

    def __init__(self, value: float = 0.0) -> None:
        self.value = real("value", value, -math.inf)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> FloatArray:
        return np.full(tuple(shape), self.value, dtype=np.float32)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}


class RandomInitializer(Initializer):
    """The base of the initializers that draw random numbers."""

    def __init__(self, seed: int | None = None) -> None:
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0):
            raise ParameterError(f"`seed` must be None or an integer >= 0. Received: seed={seed!r}.")
        self.seed = None if seed is None else int(seed)
        self._drawn_seed = self.seed

    def _generator(self) -> np.random.Generator:
        if self._drawn_seed is None:
            self._drawn_seed = random.next_seed()
        return random.generator(self._drawn_seed)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


class RandomUniform(RandomInitializer):
    """Uniform in ``[minval, maxval)``."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval = real("minval", minval, -math.inf)
        self.maxval = real("maxval", maxval, -math.inf)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> FloatArray:
        return _uniform(self._generator(), shape, self.minval, self.maxval)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class RandomNormal(RandomInitializer):
    """Normal with `mean` and `stddev`."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = real("mean", mean, -math.inf)
        self.stddev = real("stddev", stddev)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> FloatArray:
        normal = _standard_normal(self._generator(), math.prod(shape))
        return (self.mean + self.stddev * normal).astype(np.float32).reshape(tuple(shape))

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class TruncatedNormal(RandomNormal):
    """Normal with `mean` and `stddev`; values beyond two standard deviations are drawn anew."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> FloatArray:
        return _truncated_normal(self._generator(), shape, self.mean, self.stddev)


class VarianceScaling(RandomInitializer):
    """Values whose variance is ``scale / max(1, fan)``.

    `mode` is the fan: "fan_in", "fan_out" or "fan_avg"; `distribution` is "truncated_normal", "untruncated_normal"
    or "uniform". Of a kernel (kh, kw, channels_in, channels_out), fan_in is ``kh * kw * channels_in``.
    """

    _MODES: ClassVar = ("fan_in", "fan_out", "fan_avg")
    _DISTRIBUTIONS: ClassVar = ("truncated_normal", "untruncated_normal", "uniform")

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        self.scale = real("scale", scale, open_minimum=True)
        self.mode = _word("mode", mode, self._MODES)
        self.distribution = (
            "truncated_normal"
            if isinstance(distribution, str) and distribution.lower() == "normal"
            else _word("distribution", distribution, self._DISTRIBUTIONS)
        )

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> FloatArray:
        fan_in, fan_out = compute_fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, fan)
        generator = self._generator()
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return _uniform(generator, shape, -limit, limit)
        if self.distribution == "truncated_normal":
            return _truncated_normal(generator, shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV)
        normal = _standard_normal(generator, math.prod(shape))
        return (math.sqrt(variance) * normal).astype(np.float32).reshape(tuple(shape))

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed}


class _Named(VarianceScaling):
    """A variance scaling whose only argument is the seed."""

    _arguments: ClassVar[tuple[float, str, str]]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self._arguments, seed=seed)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


class GlorotUniform(_Named):
    """Uniform within ``sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio, 2010)."""

    _arguments = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Named):
    """Truncated normal of variance ``2 / (fan_in + fan_out)`` (Glorot and Bengio, 2010)."""

    _arguments = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Named):
    """Uniform within ``sqrt(6 / fan_in)`` (He et al., 2015)."""

    _arguments = (2.0, "fan_in", "uniform")


class HeNormal(_Named):
    """Truncated normal of variance ``2 / fan_in`` (He et al., 2015)."""

    _arguments = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Named):
    """Uniform within ``sqrt(3 / fan_in)`` (LeCun et al., 1998)."""

    _arguments = (1.0, "fan_in", "uniform")


class LecunNormal(_Named):
    """Truncated normal of variance ``1 / fan_in`` (LeCun et al., 1998)."""

    _arguments = (1.0, "fan_in", "truncated_normal")


def compute_fans(shape: Sequence[int]) -> tuple[int, int]:
    """The numbers of inputs and outputs that one weight of an array of `shape` connects.

    >>> compute_fans((3, 3, 32, 64))
    (288, 576)
    """
    dims = tuple(shape)
    if not dims:
        return 1, 1
    if len(dims) == 1:
        return dims[0], dims[0]
    receptive = math.prod(dims[:-2])
    return receptive * dims[-2], receptive * dims[-1]


def _word(name: str, value: Any, allowed: Sequence[str]) -> str:
    if not isinstance(value, str) or value.lower() not in allowed:
        raise ParameterError(f"Invalid `{name}` argument: {value}. Please use one of {', '.join(allowed)}.")
    return value.lower()


def _uniform(generator: np.random.Generator, shape: Sequence[int], low: float, high: float) -> FloatArray:
    values = generator.random(math.prod(shape)) * (high - low) + low
    return values.astype(np.float32).reshape(tuple(shape))


def _standard_normal(generator: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
    half = (count + 1) // 2
    radius = np.sqrt(-2.0 * np.log1p(-generator.random(half)))
    angle = 2.0 * np.pi * generator.random(half)
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]


def _truncated_normal(generator: np.random.Generator, shape: Sequence[int], mean: float, stddev: float) -> FloatArray:
    values = _standard_normal(generator, math.prod(shape))
    outside = np.flatnonzero(np.abs(values) > 2.0)
    while outside.size:
        values[outside] = _standard_normal(generator, outside.size)
        outside = outside[np.abs(values[outside]) > 2.0]
    return (mean + stddev * values).astype(np.float32).reshape(tuple(shape))


_CLASSES: dict[str, type[Initializer]] = {
    cls.__name__: cls
    for cls in (
        Zeros,
        Ones,
        Constant,
        RandomNormal,
        RandomUniform,
        TruncatedNormal,
        VarianceScaling,
        GlorotNormal,
        GlorotUniform,
        HeNormal,
        HeUniform,
        LecunNormal,
        LecunUniform,
    )
}
_SNAKE = {to_snake_case(name): cls for name, cls in _CLASSES.items()}
_BY_NAME = {
    **{name.lower(): cls for name, cls in _CLASSES.items()},
    **_SNAKE,
    "zero": Zeros,
    "one": Ones,
    "normal": RandomNormal,
    "uniform": RandomUniform,
}


def get(identifier: Any) -> Callable[..., Any]:
    """The initializer meant by `identifier`.

    A name in snake or camel case, a configuration from `serialize`, an initializer, its class, or any function
    of (shape, dtype).

    >>> get("he_normal")
    HeNormal(seed=None)
    """
    if isinstance(identifier, Initializer):
        return identifier
    if isinstance(identifier, str):
        cls = _BY_NAME.get(identifier.lower())
        if cls is not None:
            made: Callable[..., Any] = cls()
            return made
        unsupported = missing("initializers", identifier)
        if unsupported is not None:
            raise unsupported
    elif isinstance(identifier, dict):
        return deserialize(identifier)
    elif inspect.isclass(identifier) and issubclass(identifier, Initializer):
        instance: Callable[..., Any] = identifier()
        return instance
    elif callable(identifier):
        found: Callable[..., Any] = identifier
        return found
    raise ParameterError(
        f"Could not interpret initializer identifier: {identifier}. Supported: {', '.join(sorted(_SNAKE))}."
    )


def serialize(initializer: Callable[..., Any]) -> dict[str, Any]:
    """The class name and configuration of an initializer of this module."""
    if type(initializer) in _CLASSES.values() and isinstance(initializer, Initializer):
        return {"class_name": type(initializer).__name__, "config": initializer.get_config()}
    raise NotSupportedError(
        f"convcore cannot write the initializer {initializer!r} into a configuration (supported: "
        f"{', '.join(sorted(_CLASSES))})."
    )


def deserialize(config: Any) -> Initializer:
    """The initializer that `serialize` described."""
    if not isinstance(config, dict) or not isinstance(config.get("config", {}), dict):
        raise ParameterError(f"Could not interpret initializer identifier: {config!r}.")
    name = config.get("class_name")
    cls = _CLASSES.get(name) if isinstance(name, str) else None
    if cls is None:
        raise ParameterError(f"Unknown initializer {name!r}. Supported: {', '.join(sorted(_CLASSES))}.")
    arguments = config.get("config", {})
    try:
        return cls.from_config(arguments)
    except TypeError as error:
        raise ParameterError(f"Wrong arguments for the initializer {name}: {arguments!r} ({error}).") from None


def __getattr__(name: str) -> Any:
    if name in _SNAKE:
        return _SNAKE[name]
    raise missing("initializers", name) or AttributeError(f"module {__name__!r} has no attribute {name!r}")
