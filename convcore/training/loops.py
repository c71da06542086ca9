"""The loops over batches: what runs thousands of times, with as little around the engine's call as possible."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convcore.callbacks import CallbackList, TerminateOnNaN
from convcore.errors import NumericError
from convcore.random import generator
from convcore.training.compiled import Compiled
from convcore.training.progress import Progress

if TYPE_CHECKING:
    from convcore.program import Feed, Runner

__all__ = ["TrainingLoop", "diverged", "evaluate", "non_finite_samples", "predict", "steps_of"]

Array = npt.NDArray[Any]


def non_finite_samples(x: Array) -> npt.NDArray[np.int64] | None:
    """The indices of the samples of `x` (n, ...) that hold a NaN or an infinity, None if there are none."""
    if x.dtype.kind != "f":
        return None
    rows = max(1, (1 << 20) // max(1, x[0].size)) if len(x) else 1
    axes = tuple(range(1, x.ndim))
    found = [
        np.flatnonzero(~np.isfinite(x[start : start + rows]).all(axis=axes)) + start for start in range(0, len(x), rows)
    ]
    indices = np.concatenate(found) if found else np.empty(0, dtype=np.int64)
    return indices.astype(np.int64) if indices.size else None


def diverged(loss: float, where: str) -> NumericError:
    """The error for a loss that is no number."""
    return NumericError(
        f"The loss became {loss} {where}; the weights are those before that batch. "
        "Hint: look for NaN or infinite values in the data, or lower the learning rate."
    )


class TrainingLoop:
    """Trains on the batches of a feed, epoch after epoch.

    With `steps` an epoch is that many batches of an endless stream of passes over the data, else one pass.
    """

    def __init__(
        self,
        model: Any,
        feed: Feed,
        batch_size: int,
        steps: int | None,
        shuffle: bool,
        callbacks: CallbackList,
        progress: Progress,
        non_finite: npt.NDArray[np.int64] | None,
    ) -> None:
        self.model = model
        self.feed = feed
        self.batch_size = batch_size
        self.streams = steps is not None
        self.steps = -(-feed.size // batch_size) if steps is None else steps
        self.callbacks = callbacks
        self.progress = progress
        self._random = generator() if shuffle else None
        self._non_finite = non_finite
        self._raises = not any(isinstance(callback, TerminateOnNaN) for callback in callbacks.callbacks)
        self._hears_begin = callbacks.wants("on_train_batch_begin")
        self._hears_end = callbacks.wants("on_train_batch_end")
        self._position = feed.size

    def epoch(self, runner: Runner, compiled: Compiled, epoch: int) -> dict[str, float]:
        """Train for one epoch and give its figures, sorted by name."""
        feed, size, model, callbacks = self.feed, self.feed.size, self.model, self.callbacks
        has_metrics = bool(compiled.all_metrics())
        total, seen = 0.0, 0
        compiled.reset()
        if not self.streams:
            self._position = size

        def figures() -> dict[str, float]:
            return dict(sorted(compiled.results(total / seen).items()))

        for step in range(self.steps):
            if self._position >= size:
                self._begin_pass()
            start = self._position
            count = min(self.batch_size, size - start)
            if self._hears_begin:
                callbacks.on_train_batch_begin(step)
            loss = runner.train(feed, start, count) if self._is_clean(start, count) else math.nan
            if not math.isfinite(loss) and self._raises:
                raise diverged(loss, self._place(epoch, step, start, count))
            self._position = start + count
            total += loss * count
            seen += count
            if has_metrics:
                compiled.update(feed.targets(start, count), runner.output, _weights(feed, start, count))
            if self._hears_end:
                callbacks.on_train_batch_end(step, figures())
            self.progress.update(step + 1, figures)
            if model.stop_training:
                break
        return figures()

    def _begin_pass(self) -> None:
        self._position = 0
        if self._random is not None:
            # An argsort of raw uniforms: unlike `permutation`, it is the same in every version of NumPy.
            self.feed.order[...] = np.argsort(self._random.random(self.feed.size), kind="stable")

    def _is_clean(self, start: int, count: int) -> bool:
        """Whether the batch holds numbers only: an infinity can spoil the weights and leave the loss finite."""
        if self._non_finite is None:
            return True
        return not np.isin(self.feed.order[start : start + count], self._non_finite).any()

    def _place(self, epoch: int, step: int, start: int, count: int) -> str:
        place = f"at epoch {epoch + 1}, batch {step}"
        if self._non_finite is not None:
            samples = self.feed.order[start : start + count]
            bad = samples[np.isin(samples, self._non_finite)]
            if bad.size:
                place += f" (sample {bad[0]} of x holds a NaN or an infinity)"
        return place


def _weights(feed: Feed, start: int, count: int) -> Array | None:
    return None if feed.sample_weight is None else feed.sample_weight[feed.order[start : start + count]]


def evaluate(
    runner: Runner,
    compiled: Compiled,
    feed: Feed,
    batch_size: int,
    steps: int | None,
    callbacks: CallbackList,
    progress: Progress | None,
) -> dict[str, float]:
    """The loss and the metrics over the batches of a feed, the loss first."""
    steps = steps_of(feed, batch_size, steps)
    hears_begin, hears_end = callbacks.wants("on_test_batch_begin"), callbacks.wants("on_test_batch_end")
    has_metrics = bool(compiled.all_metrics())
    total, seen = 0.0, 0
    compiled.reset()

    def figures() -> dict[str, float]:
        return dict(sorted(compiled.results(total / seen).items()))

    callbacks.on_test_begin()
    for step in range(steps):
        start = step * batch_size
        count = min(batch_size, feed.size - start)
        if hears_begin:
            callbacks.on_test_batch_begin(step)
        total += runner.test(feed, start, count) * count
        seen += count
        if has_metrics:
            compiled.update(feed.targets(start, count), runner.output, _weights(feed, start, count))
        if hears_end:
            callbacks.on_test_batch_end(step, figures())
        if progress is not None:
            progress.update(step + 1, figures)
    callbacks.on_test_end(figures())
    return compiled.results(total / seen)


def predict(
    runner: Runner,
    output_shape: tuple[int, ...],
    feed: Feed,
    batch_size: int,
    steps: int | None,
    callbacks: CallbackList,
    progress: Progress,
) -> npt.NDArray[np.float32]:
    """The outputs for the samples of a feed, (n, ...)."""
    steps = steps_of(feed, batch_size, steps)
    hears_begin, hears_end = callbacks.wants("on_predict_batch_begin"), callbacks.wants("on_predict_batch_end")
    outputs = np.empty((min(feed.size, steps * batch_size), *output_shape), dtype=np.float32)
    callbacks.on_predict_begin()
    for step in range(steps):
        start = step * batch_size
        count = min(batch_size, feed.size - start)
        if hears_begin:
            callbacks.on_predict_batch_begin(step)
        runner.predict(feed, start, count)
        outputs[start : start + count] = runner.output
        if hears_end:
            callbacks.on_predict_batch_end(step, {"outputs": outputs[start : start + count]})
        progress.update(step + 1, dict)
    callbacks.on_predict_end({"outputs": outputs})
    return outputs


def steps_of(feed: Feed, batch_size: int, steps: int | None) -> int:
    """The batches to run: all of the feed, or the first `steps` of them."""
    available = -(-feed.size // batch_size)
    return available if steps is None else min(steps, available)
