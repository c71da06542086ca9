"""What a problem is: data that every library gets alike, and for each direction a call in convcore and in PyTorch."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Call", "Problem", "channels_first", "channels_last", "listed", "normals", "tensor"]

Array = npt.NDArray[Any]
Call = Callable[[], Any]


class Problem(Protocol):
    """`str()` of a problem is its name, of which there is one."""

    subject: ClassVar[str]
    directions: ClassVar[tuple[str, ...]]

    @property
    def first(self) -> bool:
        """Whether maps have their channels first, or nothing has channels."""
        ...

    @property
    def dtype(self) -> str: ...

    def flops(self, direction: str) -> int:
        """Nominal operations, two for each product, whatever the algorithm executes; 0 where memory is what counts."""
        ...

    def ours(self, ops: Any, direction: str) -> Call:
        """A call of convcore's `ops`."""
        ...

    def theirs(self, torch: Any, direction: str, form: Any) -> Call:
        """The same call of `torch`, on tensors of the memory format `form`."""
        ...

    def as_ours(self, direction: str, results: list[Array]) -> list[Array]:
        """What `theirs` gives, with its axes as `ours` has them."""
        ...


def normals(name: str, dtype: str, *shapes: Sequence[int]) -> list[Array]:
    """Normal numbers, the same in every process."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    kind: Any = np.float64 if dtype == "float64" else np.float32
    return [rng.standard_normal(shape, kind).astype(dtype) for shape in shapes]


def channels_first(array: Array) -> Array:
    """Maps (n, ..., channels) as PyTorch names their axes, without a copy."""
    return np.moveaxis(array, -1, 1)


def channels_last(array: Array) -> Array:
    """Maps (n, channels, ...) as convcore names their axes, without a copy."""
    return np.moveaxis(array, 1, -1)


def tensor(torch: Any, array: Array, form: Any) -> Any:
    """An array with its axes as PyTorch names them, in the memory format `form`, which lines have not."""
    return torch.from_numpy(np.ascontiguousarray(array)).contiguous(
        memory_format=form if array.ndim == 4 else torch.contiguous_format
    )


def listed(results: Any) -> list[Any]:
    """The results of a call, one or several."""
    return list(results) if isinstance(results, (tuple, list)) else [results]
