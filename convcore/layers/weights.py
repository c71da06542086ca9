"""Making a layer's variables: initial values, or the values of a file that is being loaded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np

from convcore.errors import ParameterError, ResourceLimitError, ShapeError
from convcore.variables import Variable

__all__ = ["make_variable", "provided_values"]

# Called with the name and shape of a variable about to be made; returns its value.
Provider = Callable[[str, tuple[int, ...]], Any]

_provider: ContextVar[Provider | None] = ContextVar("convcore_weight_provider", default=None)
# Value, gradient, their places in the model's flat buffers and the float64 draws of an initializer.
_BYTES_PER_ELEMENT = 24
_SMALL = 1 << 26


@contextmanager
def provided_values(provider: Provider) -> Iterator[None]:
    """Within it, new variables take their values from `provider` instead of from their initializers."""
    token = _provider.set(provider)
    try:
        yield
    finally:
        _provider.reset(token)


def make_variable(
    name: str, shape: tuple[int, ...], initializer: Callable[..., Any], trainable: bool, owner: str
) -> Variable:
    """The variable `name` of the layer called `owner`."""
    provider = _provider.get()
    if provider is not None:
        return Variable(provider(name, shape), name=name, trainable=trainable)
    _check_memory(f"the variable '{name}' of layer '{owner}'", shape)
    value = np.asarray(initializer(shape))
    if value.shape != shape:
        raise ShapeError(
            f"The initializer of the variable '{name}' of layer '{owner}' returned an array of shape {value.shape}, "
            f"but the variable has shape {shape}."
        )
    if value.dtype.kind not in "fiu":
        raise ParameterError(
            f"The initializer of the variable '{name}' of layer '{owner}' returned an array of dtype {value.dtype}; "
            "allowed are real numbers."
        )
    return Variable(value, name=name, trainable=trainable)


def _check_memory(what: str, shape: tuple[int, ...]) -> None:
    needed = math.prod(shape) * _BYTES_PER_ELEMENT
    if needed <= _SMALL:
        return
    available = _available_bytes()
    if needed > 0.8 * available:
        raise ResourceLimitError(
            f"{what} with shape {shape} needs {needed:,} bytes, but only {available:,} are available "
            "(allowed: 80 % of that). Nothing was allocated."
        )


def _available_bytes() -> int:
    """The memory that this process may still take: what the system and the control group leave."""
    limits = [2**47]
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        limits.extend(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        if limit != "max":
            used = Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii")
            limits.append(max(0, int(limit) - int(used)))
    except (OSError, ValueError):
        pass  # Not Linux, or a control group of another version: only the address space limits.
    return min(limits)
