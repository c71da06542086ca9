"""What becomes of a class that derives from `Layer`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from convcore.layers.validation import standardize_shape

if TYPE_CHECKING:
    from convcore.layers.base import Layer

__all__ = ["compose", "recording_shape", "takes_training", "with_training"]


def recording_shape(build: Callable[..., None]) -> Callable[..., None]:
    """`build`, run once per layer, with the shape written down."""

    @functools.wraps(build)
    def wrapper(self: Layer, input_shape: Any = None) -> None:
        if self.built and self._build_shape is not None:
            return
        several = isinstance(input_shape, list | tuple) and any(isinstance(each, list | tuple) for each in input_shape)
        shape = input_shape if several or isinstance(input_shape, dict) else standardize_shape(input_shape)
        build(self, shape)
        self._build_shape = shape
        self.built = True

    return wrapper


def compose(cls: type[Layer]) -> None:
    """Let `cls`, which has a call(), derive from `Composed`, or from `Overriding` if it derives from another layer of
    convcore than `Layer`."""
    from convcore.layers.base import Layer
    from convcore.layers.composed import Composed

    if issubclass(cls, Composed) or cls.forward is not Layer.forward or not cls._lets_call_be_own:
        return
    bases = [base for base in cls.__mro__[1:] if issubclass(base, Layer) and base is not Layer]
    if not any(base.__module__.startswith("convcore.") for base in bases):
        cls.__bases__ = (*(base for base in cls.__bases__ if base is not Layer), Composed)
        return
    from convcore.layers.overriding import Overriding

    place = next(place for place, base in enumerate(cls.__bases__) if issubclass(base, Layer))
    cls.__bases__ = (*cls.__bases__[:place], Overriding, *cls.__bases__[place:])


def takes_training(forward: Callable[..., Any]) -> bool:
    """Whether `forward` has a parameter `training`, or takes any name."""
    parameters = inspect.signature(forward).parameters
    return "training" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def with_training(forward: Callable[..., Any]) -> Callable[..., Any]:
    """`forward`, written without the parameter `training`, with it: so that everyone can pass it."""

    def wrapper(self: Layer, x: Any, training: bool = False) -> Any:
        return forward(self, x)

    signature = inspect.signature(wrapper)
    functools.update_wrapper(wrapper, forward)
    # What a subclass inherits takes `training`, whatever the function inside does.
    wrapper.__signature__ = signature  # type: ignore[attr-defined]
    return wrapper
