"""Parts of what stands for arrays between layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convcore.errors import NotSupportedError, ShapeError
from convcore.layers.base import Layer
from convcore.layers.validation import Shape

if TYPE_CHECKING:
    from convcore.program import Graph, Value

__all__ = ["Slice"]


class Slice(Layer):
    """``x[key]`` of slices without steps, numbers, None and ... behind the batch, whose axis stays.

    >>> Slice((slice(None), slice(1, None), 0))([[[1.0, 2.0], [3.0, 4.0]]])
    array([[3.]], dtype=float32)
    """

    _built_at_init = True

    def __init__(self, key: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.key = key if isinstance(key, tuple) else (key,)
        known = all(map(_is_known, self.key))
        if not known or isinstance(self.key[0], int) or self.key[0] not in (slice(None), Ellipsis):
            raise NotSupportedError(
                f"convcore does not implement x{list(self.key)} between layers (supported: slices without steps, "
                "numbers, None and ... behind the batch, which stays whole, as in x[:, 1:-1])"
            )

    def _full(self, rank: int) -> list[Any]:
        """The key with an entry for each of `rank` axes, the batch's left out, and for each new one."""
        used = sum(each is not None and each is not Ellipsis for each in self.key)
        if used > rank:
            raise ShapeError(f"Too many indices for a tensor of {rank} axes: x{list(self.key)}")
        whole = [slice(None)] * (rank - used)
        place = self.key.index(Ellipsis) if Ellipsis in self.key else len(self.key)
        return [*self.key[:place], *whole, *self.key[place + 1 :]][1:]

    def _parts(self, shape: Shape) -> tuple[list[tuple[int, int]], list[int | None]]:
        """From where to where the axes of a sample of `shape` go, and the shape of the output."""
        limits: list[tuple[int, int]] = []
        sizes: list[int | None] = []
        for each in self._full(len(shape) + 1):
            if each is None:
                sizes.append(1)
                continue
            size = shape[len(limits)]
            if size is None and each == slice(None):
                limits.append((0, 0))
                sizes.append(None)
                continue
            if size is None:
                raise ShapeError(f"x{list(self.key)} needs a known size of axis {len(limits) + 1}, not {shape}")
            if isinstance(each, int):
                if not -size <= each < size:
                    raise ShapeError(f"x{list(self.key)}: index {each} is out of bounds for an axis of size {size}")
                limits.append((each % size, each % size + 1))
                continue
            start, stop, _ = each.indices(size)
            if stop <= start:
                raise ShapeError(f"x{list(self.key)} leaves nothing of an axis of size {size}")
            limits.append((start, stop))
            sizes.append(stop - start)
        return limits, sizes

    def compute_output_shape(self, input_shape: Any) -> Shape:
        return (input_shape[0], *self._parts(tuple(input_shape[1:]))[1])

    def lower(self, graph: Graph, x: Value) -> Value:
        limits, sizes = self._parts(x.shape)
        y, shape = x, list(x.shape)
        for axis, (start, stop) in enumerate(limits):
            if (start, stop) != (0, shape[axis]):
                # An image whose columns are the axis.
                before, size, behind = math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
                y = graph.add("reshape", y, shape=(before, size, behind))
                y = graph.add("frame", y, rows=(0, 0), columns=(-start, stop - size), data_format="channels_last")
                shape[axis] = stop - start
        return graph.add("reshape", y, shape=tuple(size for size in sizes if size is not None))

    def get_config(self) -> dict[str, Any]:
        key = [
            [each.start, each.stop] if isinstance(each, slice) else "..." if each is ... else each for each in self.key
        ]
        return {**super().get_config(), "key": key}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer again: pairs are slices."""
        key = [
            slice(*each) if isinstance(each, list | tuple) else ... if each == "..." else each for each in config["key"]
        ]
        return cls(**{**config, "key": tuple(key)})


def _is_known(part: Any) -> bool:
    return part is None or part is ... or isinstance(part, int) or (isinstance(part, slice) and part.step in (None, 1))
