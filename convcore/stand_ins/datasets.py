"""``tf.data.Dataset`` over NumPy arrays: the elements of tutorials' input pipelines, one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from convcore import random
from convcore.errors import MissingAttributeError, ParameterError
from convcore.layers.structures import flat, packed
from convcore.stand_ins.specs import TensorSpec, conform, signature
from convcore.stand_ins.tensors import Tensor

__all__ = ["DATA", "Dataset"]

INFINITE, UNKNOWN = -1, -2


class Dataset:
    """Elements, tensors or tuples and dicts of them, that `make` gives anew for each pass; `count` is how many, or
    INFINITE, or UNKNOWN.

    >>> for batch in Dataset.range(5).map(lambda x: 2 * x).batch(3):
    ...     print(batch.numpy())
    [0 2 4]
    [6 8]
    """

    def __init__(self, make: Callable[[], Iterator[Any]], count: int = UNKNOWN) -> None:
        self._make, self._count = make, count

    # Where elements come from

    @classmethod
    def from_tensor_slices(cls, tensors: Any, name: str | None = None) -> Dataset:
        """The entries along the first axis of arrays, in the structure of these."""
        if isinstance(tensors, list):
            tensors = np.asarray(tensors)
        arrays = [np.asarray(each) for each in flat(tensors)]
        lengths = {len(array) if array.ndim else None for array in arrays}
        if len(lengths) != 1 or None in lengths:
            raise ParameterError(f"Dataset: slices need arrays of one length. Received: {sorted(map(str, lengths))}")
        count = len(arrays[0])

        def make() -> Iterator[Any]:
            for place in range(count):
                yield packed(tensors, [array[place] for array in arrays])

        return cls(make, count)

    @classmethod
    def from_tensors(cls, tensors: Any, name: str | None = None) -> Dataset:
        """One element."""
        return cls(lambda: iter([tensors]), 1)

    @classmethod
    def from_generator(
        cls,
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Sequence[Any] | None = None,
        output_signature: Any = None,
        name: str | None = None,
    ) -> Dataset:
        """What ``generator(*args)`` gives in each pass, cast to the dtypes of `output_types` or of the TensorSpecs of
        `output_signature`, in their structure. DTypeError or ShapeError for an element that does not fit."""
        specs = signature(output_types, output_shapes, output_signature)
        given = () if args is None else tuple(args)
        return cls(lambda: (each if specs is None else conform(each, specs) for each in generator(*given)))

    @classmethod
    def range(cls, *args: int, output_type: Any = np.int64, name: str | None = None) -> Dataset:
        """The numbers of Python's range."""
        return cls.from_tensor_slices(np.arange(*args, dtype=output_type))

    @classmethod
    def zip(cls, *args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Tuples of an element of each data set."""
        parts = datasets if datasets is not None else args[0] if len(args) == 1 else args
        counts = [part._count for part in parts]
        known = [count for count in counts if count >= 0]
        count = UNKNOWN if UNKNOWN in counts else min(known) if known else INFINITE
        return cls(lambda: zip(*(part._elements() for part in parts), strict=False), count)

    # What is made of them

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        synchronous: bool | None = None,
        use_unbounded_threadpool: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """What `map_func` makes of each element; the parts of a tuple are its arguments. The others say how TensorFlow
        computes, not what."""
        return Dataset(lambda: (_called(map_func, element) for element in self._elements()), self._count)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements for which `predicate` is true."""
        return Dataset(lambda: (each for each in self._elements() if bool(_called(predicate, each))), UNKNOWN)

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """`batch_size` elements stacked, and the rest in a smaller last batch unless `drop_remainder`."""
        size = int(batch_size)
        if size < 1:
            raise ParameterError(f"Dataset.batch: batch_size must be at least 1. Received: batch_size={batch_size}")

        def make() -> Iterator[Any]:
            elements = self._elements()
            while rows := list(itertools.islice(elements, size)):
                if len(rows) == size or not drop_remainder:
                    columns = zip(*(flat(row) for row in rows), strict=True)
                    yield packed(rows[0], [np.stack([np.asarray(each) for each in column]) for column in columns])

        count = self._count
        return Dataset(make, count if count < 0 else count // size if drop_remainder else -(-count // size))

    def unbatch(self, name: str | None = None) -> Dataset:
        """The entries of each element along its first axis."""
        parts = self._elements
        return Dataset(lambda: (row for each in parts() for row in Dataset.from_tensor_slices(each)), UNKNOWN)

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """The elements in a random order, a new one each pass: each is drawn from the next `buffer_size`."""
        generator = random.generator(seed)
        again = None if reshuffle_each_iteration is not False else int(generator.integers(2**31))

        def make() -> Iterator[Any]:
            draws = generator if again is None else np.random.Generator(np.random.PCG64(again))
            waiting: list[Any] = []
            for element in self._elements():
                waiting.append(element)
                if len(waiting) >= max(1, int(buffer_size)):
                    yield waiting.pop(int(draws.integers(len(waiting))))
            while waiting:
                yield waiting.pop(int(draws.integers(len(waiting))))

        return Dataset(make, self._count)

    def repeat(self, count: int | None = None, name: str | None = None) -> Dataset:
        """The elements `count` times, or for ever."""
        if count is None or count < 0:
            passes: Iterable[int] = itertools.count()
            total = INFINITE
        else:
            passes, total = range(count), self._count * count if self._count >= 0 else self._count
        return Dataset(lambda: (each for _ in passes for each in self._elements()), total)

    def take(self, count: int, name: str | None = None) -> Dataset:
        """The first `count` elements."""
        if count < 0:
            return self
        total = count if self._count == INFINITE else min(count, self._count) if self._count >= 0 else UNKNOWN
        return Dataset(lambda: itertools.islice(self._elements(), count), total)

    def skip(self, count: int, name: str | None = None) -> Dataset:
        """The elements behind the first `count`."""
        total = max(0, self._count - count) if self._count >= 0 else self._count
        return Dataset(lambda: itertools.islice(self._elements(), count, None), total)

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """The elements, and then those of `dataset`."""
        total = self._count + dataset._count if min(self._count, dataset._count) >= 0 else UNKNOWN
        return Dataset(lambda: itertools.chain(self._elements(), dataset._elements()), total)

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """Pairs of a number and an element."""
        return Dataset(lambda: enumerate(self._elements(), start), self._count)

    def cache(self, filename: str = "", name: str | None = None) -> Dataset:
        """The elements of the first pass, kept: in memory, also where TensorFlow would have a file."""
        kept: list[list[Any]] = []

        def make() -> Iterator[Any]:
            if not kept:
                kept.append(list(self._elements()))
            return iter(kept[0])

        return self if self._count == INFINITE else Dataset(make, self._count)

    def prefetch(self, buffer_size: int, name: str | None = None) -> Dataset:
        """The same: there is nothing to wait for."""
        return self

    def with_options(self, options: Any, name: str | None = None) -> Dataset:
        """The same: options say how TensorFlow computes, not what."""
        return self

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """What `transformation_func` makes of the data set."""
        return transformation_func(self)

    # Passes

    def _elements(self) -> Iterator[Any]:
        for element in self._make():
            tensors = [np.asarray(each).view(Tensor) for each in flat(element)]
            yield packed(tuple(element) if isinstance(element, list) else element, tensors)

    def __iter__(self) -> Iterator[Any]:
        return self._elements()

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as plain arrays."""
        for element in self._elements():
            yield packed(element, [each.numpy()[()] for each in flat(element)])

    def get_single_element(self, name: str | None = None) -> Any:
        """The first element."""
        return next(self._elements())

    def cardinality(self) -> Any:
        """How many elements there are: -1 for ever, -2 unknown."""
        return np.asarray(self._count).view(Tensor)

    def __len__(self) -> int:
        if self._count < 0:
            raise TypeError("The dataset is infinite." if self._count == INFINITE else "The dataset length is unknown.")
        return self._count

    def __bool__(self) -> bool:
        return True

    @property
    def num_batches(self) -> int | None:
        """How many batches a pass of training has; None if unknown. ParameterError if it never ends."""
        if self._count == INFINITE:
            raise ParameterError(
                "When providing an infinite dataset, you must specify the number of steps to run (if you did not "
                "intend to create an infinite dataset, make sure to not call `repeat()` on the dataset)."
            )
        return None if self._count == UNKNOWN else self._count

    @property
    def element_spec(self) -> Any:
        """Shapes and dtypes of the first element."""
        element = self.get_single_element()
        return packed(element, [TensorSpec(each.shape, each.dtype) for each in flat(element)])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise MissingAttributeError(
            "convcore does not implement tensorflow.data.Dataset."
            f"{name} (supported: {', '.join(each for each in dir(Dataset) if not each.startswith('_'))})"
        )


def _called(function: Callable[..., Any], element: Any) -> Any:
    return function(*element) if isinstance(element, tuple) else function(element)


DATA: dict[str, Any] = {
    "AUTOTUNE": -1,
    "Dataset": Dataset,
    "INFINITE_CARDINALITY": INFINITE,
    "UNKNOWN_CARDINALITY": UNKNOWN,
    "experimental": {"AUTOTUNE": -1, "cardinality": lambda dataset: dataset.cardinality()},
}
