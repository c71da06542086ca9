"""Data that comes batch by batch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from convcore.shapes import integer

__all__ = ["PyDataset"]


class PyDataset:
    """The base of data sets that give a batch at a time: a subclass has ``__getitem__(index)`` and ``__len__()``, the
    number of batches (or the property `num_batches`, None if there is no end).

    A batch is (inputs, targets), or with weights of the samples as a third part. fit shuffles the batches, not what is
    in them: do that in `on_epoch_end`. Batches are made one after the other, in the thread that trains; `workers`,
    `use_multiprocessing` and `max_queue_size` change nothing.

    >>> import numpy as np
    >>> class Halves(PyDataset):
    ...     def __init__(self, x, **arguments):
    ...         super().__init__(**arguments)
    ...         self.x = x
    ...     def __len__(self):
    ...         return 2
    ...     def __getitem__(self, index):
    ...         half = len(self.x) // 2
    ...         return self.x[index * half : (index + 1) * half], np.zeros(half)
    >>> [batch[0].tolist() for batch in Halves(np.arange(4))]
    [[0, 1], [2, 3]]
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = integer("workers", workers, 0)
        self.use_multiprocessing = bool(use_multiprocessing)
        self.max_queue_size = integer("max_queue_size", max_queue_size, 0)

    def __getitem__(self, index: int) -> Any:
        """The batch at `index`."""
        raise NotImplementedError(f"{type(self).__name__} has no `__getitem__(self, index)`.")

    def __iter__(self) -> Iterator[Any]:
        count = self.num_batches
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    @property
    def num_batches(self) -> int | None:
        """The number of batches, None if there is no end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} has neither `__len__(self)` nor `num_batches`.")

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""
