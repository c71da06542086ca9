"""An empty stand-in for JAX, which Keras's NumPy backend imports: whoever asks it for anything fails."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, NoReturn

__all__ = ["install"]

MODULES = ("jax", "jax.lax", "keras.src.backend.jax", "keras.src.backend.jax.math")


class Absent(ModuleType):
    """A module that can be imported and has no content."""

    __path__: list[str] = []  # noqa: RUF012 - how Python marks a package

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*args: object, **kwargs: object) -> NoReturn:
            raise NotImplementedError(f"{self.__name__}.{name} was called: there is no JAX here")

        return refuse


def install() -> None:
    """Let this process import nothing where it imports JAX."""
    for name in MODULES:
        sys.modules[name] = Absent(name)
    sys.modules["jax"].lax = sys.modules["jax.lax"]  # type: ignore[attr-defined]
