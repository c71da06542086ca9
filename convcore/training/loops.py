"""The loops over batches: what runs thousands of times, with as little around the engine's call as possible."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convcore.callbacks import CallbackList, TerminateOnNaN
from convcore.errors import NumericError, ParameterError
from convcore.training.compiled import Compiled, MeanLosses
from convcore.training.progress import Progress
from convcore.training.sources import ArraySource, Batch, Source, StreamSource

if TYPE_CHECKING:
    from convcore.program import Feed, Runner

__all__ = ["TrainingLoop", "diverged", "evaluate", "non_finite_samples", "predict"]

Array = npt.NDArray[Any]

# Batches that are trained on before anybody may look: so many, as far as they and their outputs take no more than this.
MOST_BATCHES = 32
RUN_SECONDS = 0.05
MOST_RUN_BYTES = 1 << 20


def non_finite_samples(*inputs: Array) -> npt.NDArray[np.int64] | None:
    """The indices of the samples of `inputs` (n, ...) that hold a NaN or an infinity, None if there are none."""
    found = [each for x in inputs if x.dtype.kind == "f" and len(x) for each in _non_finite(x)]
    indices = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)
    return indices.astype(np.int64) if indices.size else None


def _non_finite(x: Array) -> list[npt.NDArray[np.int64]]:
    """Those of one array, looked at in parts, so that no mask of all of it is made."""
    rows = max(1, (1 << 20) // max(1, x[0].size))
    axes = tuple(range(1, x.ndim))
    return [
        np.flatnonzero(~np.isfinite(x[start : start + rows]).all(axis=axes)) + start for start in range(0, len(x), rows)
    ]


def diverged(loss: float, where: str) -> NumericError:
    """The error for a loss that is no number."""
    return NumericError(
        f"The loss became {loss} {where}; the weights are those before that batch. "
        "Hint: look for NaN or infinite values in the data, or lower the learning rate."
    )


def executions(batches: Iterator[Batch], size: int, first: int = 0) -> Iterator[tuple[int, bool, int | None, Batch]]:
    """Each of `batches` with its number, from `first` on, and where it stands among `size` that the callbacks see as
    one: whether it is the first of them, and if it is the last, the number that they hear, as if no batch lacked."""
    ahead = next(batches, None)
    for place in itertools.count():
        if ahead is None:
            return
        batch, full = ahead, (place + 1) % size == 0
        if not full:
            ahead = next(batches, None)
        ends = first + place // size * size + size - 1 if full or ahead is None else None
        yield first + place, place % size == 0, ends, batch
        if full:  # not before the callbacks were called: they may have stopped the training
            ahead = next(batches, None)


def runs(batches: Iterator[Batch], most: Callable[[], int]) -> Iterator[tuple[Feed, int, int, int]]:
    """Batches of the same feed and size, one behind the other, together: (feed, start, size, how many)."""
    ahead = next(batches, None)
    while ahead is not None:
        (feed, start, count), number, limit = ahead, 1, most()
        ahead = None
        while number < limit and (ahead := next(batches, None)) == (feed, start + number * count, count):
            number += 1
            ahead = None
        yield feed, start, count, number
        if ahead is None:
            ahead = next(batches, None)


class TrainingLoop:
    """Trains on the batches of a source, epoch after epoch."""

    def __init__(
        self,
        model: Any,
        source: Source,
        callbacks: CallbackList,
        progress: Progress,
        non_finite: npt.NDArray[np.int64] | None = None,
    ) -> None:
        self.model = model
        self.source = source
        self.callbacks = callbacks
        self.progress = progress
        self._is_stream = isinstance(source, StreamSource)
        self._non_finite = non_finite
        self._raises = not any(isinstance(callback, TerminateOnNaN) for callback in callbacks.callbacks)
        self._hears_begin = callbacks.wants("on_train_batch_begin")
        self._hears_end = callbacks.wants("on_train_batch_end")
        self._is_quiet = not (self._hears_begin or self._hears_end or self._is_stream or non_finite is not None)
        # One until it is known how long a batch takes.
        self._run = 1

    def epoch(self, compiled: Compiled, epoch: int, first: int = 0) -> dict[str, float]:
        """Train for one epoch, from its batch `first` on, and give its figures, sorted by name; none if there was no
        batch."""
        losses = MeanLosses(compiled)
        compiled.reset()

        def figures() -> dict[str, float]:
            return dict(sorted(compiled.results(losses.means()).items())) if losses.seen else {}

        if self._is_quiet and compiled.takes_batches_together:
            self._train_runs(compiled, epoch, first, losses, figures)
        else:
            self._train_batches(compiled, epoch, first, losses, figures)
        return figures()

    def _train_runs(
        self, compiled: Compiled, epoch: int, first: int, losses: MeanLosses, figures: Callable[[], dict[str, float]]
    ) -> None:
        """Nobody looks between the batches: train on a run of them, and then show that to the metrics."""
        step = first
        for feed, start, count, batches in runs(self.source.epoch(first), lambda: self._run):
            runner = self.model._program()
            looked_at = runner.graph.outputs if compiled.all_metrics() else ()
            outputs = [np.empty((batches * count, *output.shape), np.float32) for output in looked_at]
            began = time.perf_counter()
            found = runner.train_batches(feed, start, count, batches, outputs)
            seconds = time.perf_counter() - began
            if not math.isfinite(found[-1]):
                done = len(found) - 1
                raise diverged(found[-1], self._place(feed, epoch, step + done, start + done * count, count))
            for loss in found:
                losses.add(loss, runner.each_loss, count)
            if outputs:
                targets, weights = feed.labels(start, batches * count)
                compiled.update(targets, outputs, weights)
            step += batches
            self.progress.update(step, figures)
            if self.model.stop_training:
                break
            self._run = self._batches_of_a_run(seconds / batches, sum(each.nbytes for each in outputs) // batches)

    def _batches_of_a_run(self, seconds: float, size: int) -> int:
        """How many batches that take so many seconds and bytes of outputs are trained on before anybody may look."""
        moment = min(RUN_SECONDS, self.progress.pause)
        return max(1, min(MOST_BATCHES, int(moment / max(seconds, 1e-6)), MOST_RUN_BYTES // max(size, 1)))

    def _train_batches(
        self, compiled: Compiled, epoch: int, first: int, losses: MeanLosses, figures: Callable[[], dict[str, float]]
    ) -> None:
        """Batch by batch, with all that may happen between."""
        model, callbacks = self.model, self.callbacks
        size = compiled.steps_per_execution
        for step, begins, ends, (feed, start, count) in executions(self.source.epoch(first), size, first):
            if begins and self._hears_begin:
                callbacks.on_train_batch_begin(step)
            runner = model._program()
            if self._is_stream:
                self._non_finite = non_finite_samples(*feed.xs)
            is_clean = self._is_clean(feed, start, count)
            loss = runner.train(feed, start, count) if is_clean else math.nan
            if not math.isfinite(loss) and self._raises:
                raise diverged(loss, self._place(feed, epoch, step, start, count))
            losses.add(loss, runner.each_loss, count)
            if is_clean and compiled.all_metrics():
                _update(compiled, runner, feed, start, count)
            if ends is not None and self._hears_end:
                callbacks.on_train_batch_end(ends, figures())
            self.progress.update(step + 1, figures)
            if model.stop_training:
                break

    def _is_clean(self, feed: Feed, start: int, count: int) -> bool:
        """Whether the batch holds numbers only: an infinity can spoil the weights and leave the loss finite."""
        if self._non_finite is None:
            return True
        return not np.isin(feed.order[start : start + count], self._non_finite).any()

    def _place(self, feed: Feed, epoch: int, step: int, start: int, count: int) -> str:
        place = f"at epoch {epoch + 1}, batch {step}"
        if self._non_finite is not None:
            samples = feed.order[start : start + count]
            bad = samples[np.isin(samples, self._non_finite)]
            if bad.size:
                place += f" (sample {bad[0]} of x holds a NaN or an infinity)"
        return place


def _update(compiled: Compiled, runner: Runner, feed: Feed, start: int, count: int) -> None:
    targets, weights = feed.labels(start, count)
    compiled.update(targets, runner.outputs, weights)


def evaluate(
    model: Any,
    compiled: Compiled,
    source: Source,
    callbacks: CallbackList,
    progress: Progress | None,
) -> dict[str, float]:
    """The loss and the metrics over the batches of a source, the loss first."""
    hears_begin, hears_end = callbacks.wants("on_test_batch_begin"), callbacks.wants("on_test_batch_end")
    losses = MeanLosses(compiled)
    compiled.reset()

    def figures() -> dict[str, float]:
        return dict(sorted(compiled.results(losses.means()).items()))

    model.stop_evaluating = False
    callbacks.on_test_begin()
    for step, begins, ends, (feed, start, count) in executions(source.epoch(), compiled.steps_per_execution):
        if begins and hears_begin:
            callbacks.on_test_batch_begin(step)
        runner = model._program()
        losses.add(runner.test(feed, start, count), runner.each_loss, count)
        if compiled.all_metrics():
            _update(compiled, runner, feed, start, count)
        if ends is not None and hears_end:
            callbacks.on_test_batch_end(ends, figures())
        if progress is not None:
            progress.update(step + 1, figures)
        if model.stop_evaluating:
            break
    if not losses.seen:
        raise ParameterError("There is no batch to evaluate: the data has ended.")
    callbacks.on_test_end(figures())
    return compiled.results(losses.means())


def predict(
    model: Any, output_shapes: Sequence[tuple[int, ...]], source: Source, callbacks: CallbackList, progress: Progress
) -> Any:
    """The outputs for the samples of a source, (n, ...) each, as the model packs them."""
    hears_begin, hears_end = callbacks.wants("on_predict_batch_begin"), callbacks.wants("on_predict_batch_end")
    wholes: list[npt.NDArray[np.float32]] | None = None
    if isinstance(source, ArraySource):
        size = min(source.feed.size, source.steps * source.batch_size)
        wholes = [np.empty((size, *shape), dtype=np.float32) for shape in output_shapes]
    parts: list[list[npt.NDArray[np.float32]]] = []
    model.stop_predicting = False
    callbacks.on_predict_begin()
    for step, (feed, start, count) in enumerate(source.epoch()):
        if hears_begin:
            callbacks.on_predict_batch_begin(step)
        found = model._program().predict_all(feed, start, count)
        if wholes is None:
            outputs = [each.copy() for each in found]
            parts.append(outputs)
        else:
            outputs = [whole[start : start + count] for whole in wholes]
            for place, each in zip(outputs, found, strict=True):
                place[...] = each
        if hears_end:
            callbacks.on_predict_batch_end(step, {"outputs": model._packed(outputs)})
        progress.update(step + 1, dict)
        if model.stop_predicting:
            wholes = None if wholes is None else [whole[: start + count] for whole in wholes]
            break
    if wholes is None:
        if not parts:
            raise ParameterError("There is no batch to predict: the data has ended.")
        wholes = [np.concatenate(each) for each in zip(*parts, strict=True)]
    result = model._packed(wholes)
    callbacks.on_predict_end()
    return result
