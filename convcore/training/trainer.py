"""compile, fit, evaluate and predict: what a model does as a whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convcore.callbacks import CallbackList, History
from convcore.checks import flag, shown
from convcore.errors import ParameterError, StateError
from convcore.layers.forms import Given
from convcore.shapes import integer
from convcore.training import arguments, loops
from convcore.training.busy import exclusive
from convcore.training.compiled import Compiled, MeanLosses
from convcore.training.feeding import Feeding
from convcore.training.private import kept_random_numbers, private_copy
from convcore.training.progress import Progress
from convcore.training.sources import ArraySource, Source, is_stream

if TYPE_CHECKING:
    from convcore.program import Feed, Runner

__all__ = ["Trainer"]

Array = npt.NDArray[Any]


class Trainer(Feeding):
    """Training and prediction, the base of the models: see `Compiling` for what a model has to have.

    >>> import convcore as keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "softmax")])
    >>> model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    >>> x, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 1])
    >>> history = model.fit(x, y, epochs=3, verbose=0)
    >>> len(history.history["loss"])
    3
    >>> loss, accuracy = model.evaluate(x, y, verbose=0)
    >>> model.predict(x, verbose=0).shape
    (2, 2)
    """

    #: Set to True, by a callback, to end fit, evaluate or predict.
    stop_training: bool = False
    stop_evaluating: bool = False
    stop_predicting: bool = False
    #: Where fit begins: a callback may set both when training begins, to go on where another process ended.
    _initial_epoch: int = 0
    _initial_batch: int = 0
    #: The record of the last fit.
    history: History | None = None

    @exclusive
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> History:
        """Train on `x` (n, ...) and targets `y` for `epochs` epochs of batches of `batch_size` (32) samples.

        A `batch_size` beyond the number of samples is refused; the default is cut to it. The order is shuffled before
        each epoch. `validation_split` keeps the last fraction of the samples for validation, `validation_data` is
        (x, y) or (x, y, sample_weight). A model of several inputs takes lists of arrays or dicts by input names, one of
        several outputs likewise targets and weights. Both `x` and `validation_data` may also be streams of such tuples,
        one a batch: a generator, or an object with ``[index]`` and a length (`utils.PyDataset`). Gives the History: per
        epoch, the loss as the mean over the samples, the metrics, and both for the validation with "val_" before the
        name.

        Raises ParameterError, ShapeError, DTypeError or LabelError for arguments that do not fit, before anything is
        trained; NumericError for a loss that is no number, with the weights before that batch; BusyError if another
        thread is using the model. After Ctrl-C the model stands between two batches.
        """
        compiled = self._require_compiled("fit")
        size = arguments.batch_size("batch_size", batch_size)
        epochs = integer("epochs", epochs, 1)
        first = integer("initial_epoch", initial_epoch, 0)
        steps = arguments.count_or_none("steps_per_epoch", steps_per_epoch)
        validation_steps = arguments.count_or_none("validation_steps", validation_steps)
        validation_size = (
            size if validation_batch_size is None else integer("validation_batch_size", validation_batch_size, 1)
        )
        frequency = arguments.validation_epochs(validation_freq)
        shuffle = flag("shuffle", shuffle)
        progress = Progress(arguments.verbosity(verbose))
        if class_weight is not None and sample_weight is not None:
            raise ParameterError("You cannot use `class_weight` and `sample_weight` at the same time.")

        held_out: Source | None = None
        non_finite = None
        if is_stream(x):
            arguments.refuse_split(validation_split, x)
        else:
            inputs = self._given_inputs(x)
            fraction, kept = arguments.split(validation_split, len(inputs[0]))
            if validation_data is None and fraction:
                labels = self._given_labels(compiled, inputs, y, sample_weight)
                x, y, sample_weight = (_part(arrays, slice(kept)) for arrays in (inputs, *labels))
                validation_data = tuple(_part(arrays, slice(kept, None)) for arrays in (inputs, *labels))
                inputs = self._given_inputs(x)
            non_finite = loops.non_finite_samples(*inputs)
        if validation_data is not None:
            held_out = self._held_out(compiled, validation_data, validation_size, validation_steps)
        source = self._source(compiled, x, y, sample_weight, batch_size, steps, class_weight, shuffle, trains=True)

        listeners = CallbackList(callbacks, add_history=True)
        loop = loops.TrainingLoop(self, source, listeners, progress, non_finite)
        listeners.set_model(self)
        listeners.set_params({"epochs": epochs, "steps": source.steps, "verbose": progress.verbose})
        self.stop_training = False
        logs: dict[str, float] = {}
        self._initial_epoch, self._initial_batch = first, 0
        listeners.on_train_begin()
        first, batch = self._initial_epoch, self._initial_batch
        try:
            for epoch in range(first, epochs):
                listeners.on_epoch_begin(epoch)
                progress.begin(source.steps, f"Epoch {epoch + 1}/{epochs}" if epochs > 1 else "")
                logs = loop.epoch(compiled, epoch, batch if epoch == first else 0)
                if held_out is not None and _is_due(epoch, frequency):
                    figures = loops.evaluate(self, compiled, held_out, listeners, None)
                    logs = dict(sorted((logs | {f"val_{name}": value for name, value in figures.items()}).items()))
                listeners.on_epoch_end(epoch, logs)
                progress.end(logs)
                if self.stop_training:
                    break
        finally:
            progress.close()
        self._program().finalize()
        listeners.on_train_end(logs)
        if listeners.history is None:
            raise StateError("The list of callbacks lost its History.")
        return listeners.history

    @exclusive
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """The loss on `x` and `y`, or with metrics the list ``[loss, metric, ...]`` (see `metrics_names`).

        With `return_dict` a dict by name. `steps` ends after that many batches;
        without a `batch_size` they hold all samples.
        """
        compiled = self._require_compiled("evaluate")
        steps = arguments.count_or_none("steps", steps)
        progress = Progress(arguments.verbosity(verbose))
        source = self._source(compiled, x, y, sample_weight, batch_size, steps)
        listeners = CallbackList(callbacks, model=self, verbose=progress.verbose, epochs=1, steps=source.steps)
        progress.begin(source.steps)
        try:
            figures = loops.evaluate(self, compiled, source, listeners, progress)
            progress.end(dict(sorted(figures.items())))
        finally:
            progress.close()
        return _returned(figures, return_dict)

    @exclusive
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The model's output for `x` (n, ...), computed in batches of `batch_size` (32): float32 (n, ...).

        A model of several inputs takes a list of arrays, or a dict by their names; one of several outputs gives a list
        of arrays, or a dict, as it was made.
        """
        size = arguments.batch_size("batch_size", batch_size)
        steps = arguments.count_or_none("steps", steps)
        progress = Progress(arguments.verbosity(verbose))
        source = self._inputs_source(x, size, batch_size, steps)
        is_array = isinstance(source, ArraySource)
        output_shapes = [tuple(output.shape) for output in self._graph().outputs] if is_array else []
        if isinstance(source, ArraySource) and not source.feed.size:
            return self._packed([np.empty((0, *shape), dtype=np.float32) for shape in output_shapes])
        listeners = CallbackList(callbacks, model=self, verbose=progress.verbose, epochs=1, steps=source.steps)
        progress.begin(source.steps)
        try:
            outputs = loops.predict(self, output_shapes, source, listeners, progress)
            progress.end({})
        finally:
            progress.close()
        return outputs

    def _held_out(self, compiled: Compiled, data: Any, size: int, steps: int | None) -> Source:
        """The batches of `validation_data`, a tuple of arrays or a stream."""
        if is_stream(data):
            return self._source(compiled, data, None, None, None, steps)
        return self._source(compiled, *arguments.validation_tuple(data), size, steps)

    @exclusive
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """One step of training on one batch. Gives the figures of this batch, as evaluate does."""
        compiled = self._require_compiled("train_on_batch")
        if class_weight is not None and sample_weight is not None:
            raise ParameterError(
                "Arguments `sample_weight` and `class_weight` cannot be specified at the same time. Received: "
                f"sample_weight={shown(sample_weight)}, class_weight={shown(class_weight)}"
            )
        feed = self._feed(compiled, x, y, sample_weight, class_weight)
        runner = self._program()
        loss = math.nan if loops.non_finite_samples(*feed.xs) is not None else runner.train(feed, 0, feed.size)
        if not math.isfinite(loss):
            raise loops.diverged(loss, "in train_on_batch")
        return self._batch_figures(compiled, runner, feed, loss, return_dict)

    @exclusive
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> float | list[float] | dict[str, float]:
        """The figures of one batch, as evaluate gives them."""
        compiled = self._require_compiled("test_on_batch")
        feed = self._feed(compiled, x, y, sample_weight)
        runner = self._program()
        return self._batch_figures(compiled, runner, feed, runner.test(feed, 0, feed.size), return_dict)

    @exclusive
    def predict_on_batch(self, x: Any) -> Any:
        """The model's outputs for one batch `x` (n, ...), as `predict` gives them."""
        repeated = None if self._runner is None else self._program().repeat(x)
        if repeated is not None:
            return self._packed((repeated,))
        inputs = self._all_inputs(x)
        return self._packed(self._program().forward_all(inputs))

    @exclusive
    def explain(self, batch_size: int = 128, as_dict: bool = False) -> dict[str, Any] | None:
        """Print what the engine does for one batch, step by step; with `as_dict` return it instead.

        The steps are those of training for a compiled model, else those of inference: kernel, layers and what is fused
        with them, tasks, MFLOP (2 for each multiply-add; of the layers in full, and those executed), bytes read and
        written, microseconds (the median of some runs, on random data), the share of this machine's measured peak, and
        why a step takes a slower path than it might. A copy of the model runs: no weight, no state of the optimizer
        and no random number of this one changes.

        Raises StateError for a model that is not built; NotSupportedError for one that cannot be copied.

        >>> import convcore as keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "tanh", name="end")])
        >>> report = model.explain(batch_size=4, as_dict=True)
        >>> [(step["kernel"], step["layers"], step["note"]) for step in report["steps"]]
        [('dense_forward', ['end'], None), ('activation', ['end'], 'activation tanh is not fused')]
        """
        size = integer("batch_size", batch_size, 1)
        is_dict = flag("as_dict", as_dict)
        from convcore.program.explain import explain
        from convcore.program.explain_table import table

        with kept_random_numbers():
            report = explain(private_copy(self)._program(), size)
        if is_dict:
            return report
        print(table(report), end="")
        return None

    def _batch_figures(
        self, compiled: Compiled, runner: Runner, feed: Feed, loss: float, return_dict: bool
    ) -> float | list[float] | dict[str, float]:
        losses = MeanLosses(compiled)
        losses.add(loss, runner.each_loss, feed.size)
        compiled.reset()
        compiled.update(feed.ys, runner.outputs, feed.sample_weights)
        return _returned(compiled.results(losses.means()), return_dict)


def _is_due(epoch: int, frequency: int | frozenset[int]) -> bool:
    return epoch + 1 in frequency if isinstance(frequency, frozenset) else (epoch + 1) % frequency == 0


def _part(arrays: Sequence[Array | None], part: slice) -> Any:
    """A part of the samples of some arrays; of one array, that."""
    parts = Given(None if array is None else array[part] for array in arrays)
    return parts[0] if len(parts) == 1 else parts


def _returned(figures: dict[str, float], return_dict: bool) -> float | list[float] | dict[str, float]:
    if return_dict:
        return dict(sorted(figures.items()))
    return list(figures.values()) if len(figures) > 1 else figures["loss"]
