"""Where batches come from: arrays, or anything that gives one batch after the other."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from convcore.checks import shown
from convcore.errors import ParameterError

if TYPE_CHECKING:
    from convcore.program import Feed

__all__ = ["ArraySource", "Batch", "Source", "StreamSource", "is_stream", "permutation", "refuse_beside"]

#: A feed, the first of its samples and their number.
Batch = tuple["Feed", int, int]
Order = Callable[[int], npt.NDArray[np.int64]]

_END = object()

OUT_OF_DATA = (
    "Your input ran out of data; interrupting training. Make sure that your dataset or generator can generate at least "
    "`steps_per_epoch * epochs` batches."
)


class Source(Protocol):
    """Batches, epoch after epoch. `steps` is how many an epoch has, None where only its end will tell."""

    @property
    def steps(self) -> int | None: ...

    def epoch(self, first: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, from the `first` on."""
        ...


def permutation(size: int, seed: int, batches: int) -> npt.NDArray[np.int64]:
    """An order of `size` samples or batches that depends on the seed and the batches trained on so far alone: a
    training that goes on from a file has the order that it would have had."""
    random = np.random.Generator(np.random.PCG64([seed, batches]))
    # An argsort of raw uniforms: unlike `permutation`, it is the same in every version of NumPy.
    return np.argsort(random.random(size), kind="stable")


class ArraySource:
    """The batches of one feed. Without `steps` an epoch is a pass over it; with them that many batches, and the next
    epoch goes on where this one ended, until a pass ends and a warning with it, as in Keras.

    `order` gives the order of a pass that begins with the n-th batch of it.
    """

    def __init__(self, feed: Feed, batch_size: int, steps: int | None = None, order: Order | None = None) -> None:
        self.feed = feed
        self.batch_size = batch_size
        self.available = -(-feed.size // batch_size)
        self._limit = steps
        self._order = order
        self._seen = 0

    @property
    def steps(self) -> int:
        return self.available if self._limit is None else self._limit

    def epoch(self, first: int = 0) -> Iterator[Batch]:
        if self._limit is None or first:
            self._seen = first
            if first:
                self._shuffle(first)
        for _ in range(first, self.steps):
            if self._seen >= self.available:
                warnings.warn(OUT_OF_DATA, UserWarning, stacklevel=2)
                break
            if self._seen == 0:
                self._shuffle(0)
            start = self._seen * self.batch_size
            self._seen += 1
            yield self.feed, start, min(self.batch_size, self.feed.size - start)
        if self._seen >= self.available:
            self._seen = 0

    def _shuffle(self, first: int) -> None:
        if self._order is not None:
            self.feed.order[...] = self._order(first)


class StreamSource:
    """The batches that `data` gives: a generator, or an object that has ``[index]`` and a length, or an ``__iter__``.

    `prepare` makes a feed of (x, y, sample_weight). The length is asked for anew each epoch, and hooks
    ``on_epoch_begin`` and ``on_epoch_end`` are called where there are.
    """

    def __init__(
        self, data: Any, prepare: Callable[..., Feed], steps: int | None = None, order: Callable[..., Any] | None = None
    ) -> None:
        self._data = data
        self._prepare = prepare
        self._limit = steps
        self._order = order
        self._going: Iterator[Any] | None = None
        self._is_once = hasattr(data, "__next__") and not hasattr(data, "__getitem__")
        self._first: list[Any] = []
        if self._is_once:
            for batch in data:
                self._first.append(batch)
                break
            else:
                raise ParameterError(
                    "When passing a Python generator to a model, the generator must yield at least one batch. Received "
                    "an empty generator."
                )

    def peek(self) -> Any:
        """The x of the first batch, which will be given all the same."""
        batch = self._first[0] if self._is_once else next(iter(self._batches(0, None)))
        return unpacked(batch)[0]

    @property
    def available(self) -> int | None:
        """How many batches a pass has, None if that is unknown or endless."""
        if self._is_once:
            return None
        if hasattr(self._data, "num_batches"):
            count = self._data.num_batches
            return None if count is None else int(count)
        return len(self._data) if hasattr(self._data, "__len__") else None

    @property
    def steps(self) -> int | None:
        return self.available if self._limit is None else self._limit

    def epoch(self, first: int = 0) -> Iterator[Batch]:
        self._call("on_epoch_begin")
        if self._going is None or (self._limit is None and not self._is_once):
            self._going = iter(self._batches(first, self._order))
        given, limit = (0 if self._is_once else first), self._limit
        while limit is None or given < limit:
            batch = next(self._going, _END)
            if batch is _END:
                self._going = None if not self._is_once else self._going
                if limit is not None or given == 0:
                    warnings.warn(OUT_OF_DATA, UserWarning, stacklevel=2)
                break
            given += 1
            x, y, weight = unpacked(batch)
            feed = self._prepare(x, y, weight)
            yield feed, 0, feed.size
        self._call("on_epoch_end")

    def _batches(self, first: int, order: Callable[..., Any] | None) -> Iterator[Any]:
        if self._is_once:
            yield from self._first
            self._first = []
            yield from self._data
        elif hasattr(self._data, "__getitem__"):
            count = self.available
            if count is None:
                index = first
                while True:
                    yield self._data[index]
                    index += 1
            places = range(count) if order is None else order(count, first)
            for place in places[first:]:
                yield self._data[int(place)]
        else:
            yield from self._data

    def _call(self, hook: str) -> None:
        method = getattr(self._data, hook, None)
        if callable(method):
            method()


def is_stream(value: Any) -> bool:
    """Whether `value` gives batches one after the other, rather than being an array or what numpy.asarray takes."""
    if (
        isinstance(value, Sequence | Mapping | AbstractSet | np.ndarray)
        or hasattr(value, "__array__")
        or isinstance(value, type)
    ):
        return False
    is_indexed = hasattr(value, "__getitem__") and (hasattr(value, "__len__") or hasattr(value, "num_batches"))
    return is_indexed or hasattr(value, "__iter__")


def unpacked(batch: Any) -> tuple[Any, Any, Any]:
    """A batch of a stream as (x, y, sample_weight)."""
    if hasattr(batch, "__array__") or isinstance(batch, Mapping):
        return batch, None, None
    if isinstance(batch, tuple | list) and 1 <= len(batch) <= 3:
        return (*batch, *(None,) * (3 - len(batch)))
    received = f"a {type(batch).__name__}"
    received += f" of {len(batch)}" if isinstance(batch, tuple | list) else f", {shown(batch)}"
    raise ParameterError(
        "A batch must be a tuple, either (inputs,), (inputs, targets) or (inputs, targets, sample_weights). "
        f"Received: {received}"
    )


def refuse_beside(stream: Any, **arguments: Any) -> None:
    """Refuse targets and weights given beside a stream, whose batches have them."""
    for name, value in arguments.items():
        if value is not None:
            raise ParameterError(
                f"When providing `x` as a {type(stream).__name__}, `{name}` should not be passed. Instead, it should "
                f"be included as part of the {type(stream).__name__}."
            )
