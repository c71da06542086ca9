"""The data that a model takes: checked against the model, and made feeds and sources of batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convcore.arrays import FLOAT32
from convcore.checks import shown
from convcore.errors import ParameterError, ShapeError
from convcore.layers.forms import Given
from convcore.training import arguments
from convcore.training.compiled import Compiled
from convcore.training.compiling import Compiling
from convcore.training.sources import ArraySource, Source, StreamSource, is_stream, permutation, refuse_beside

if TYPE_CHECKING:
    from convcore.program import Feed

__all__ = ["Feeding"]

Array = npt.NDArray[Any]


class Feeding(Compiling):
    """The part of `Trainer` that takes data: `Compiling` says what a model has to have."""

    def _inputs(self, x: Any) -> Array:
        """`x` as an array that fits the model, which is built if it is not yet."""
        inputs = arguments.array("x", x)
        if self.built:
            if self._is_open:
                self._take_sizes([inputs.shape[1:]])
            input_shape = self._graph().input.shape
            inputs = arguments.with_channels(inputs, input_shape)
            if inputs.shape[1:] == input_shape:
                return inputs
        self._connect(inputs.shape)
        return inputs

    def _meet(self, x: Any) -> None:
        """Build the model for data like `x`."""
        self._inputs(x)

    def _source(
        self,
        compiled: Compiled,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int | None,
        steps: int | None,
        class_weight: Mapping[int, float] | None = None,
        shuffle: bool = False,
        trains: bool = False,
    ) -> Source:
        """The batches of `x`, arrays or a stream, checked as far as they are known."""
        if not is_stream(x):
            feed = self._feed(compiled, x, y, sample_weight, class_weight)
            size = arguments.batch_size("batch_size", batch_size)
            if trains:
                arguments.require_batch(batch_size, size, feed.size)
                size = -(-feed.size // steps) if batch_size is None and steps is not None else size
            else:
                size = arguments.size_for_steps(size, batch_size, steps, feed.size)
                steps = None if steps is None else min(steps, -(-feed.size // size))

            def order(first: int) -> npt.NDArray[np.int64]:
                return permutation(feed.size, compiled.shuffle_seed(), compiled.optimizer.batches - first)

            return ArraySource(feed, size, steps, order if shuffle else None)
        refuse_beside(x, y=y, sample_weight=sample_weight)
        if class_weight is not None and hasattr(x, "__next__"):
            raise ParameterError(
                "Argument `class_weight` is not supported for Python generator inputs. "
                f"Received: class_weight={shown(class_weight)}"
            )

        def prepare(x: Any, y: Any, weight: Any) -> Feed:
            if weight is not None and class_weight is not None:
                raise ParameterError("You cannot use `class_weight` and `sample_weight` at the same time.")
            return self._feed(compiled, x, y, weight, class_weight)

        def places(count: int, first: int) -> npt.NDArray[np.int64]:
            return permutation(count, compiled.shuffle_seed(), compiled.optimizer.batches - first)

        source = StreamSource(x, prepare, steps, places if shuffle else None)
        if not self.built:
            self._meet(source.peek())
        return source

    def _inputs_source(self, x: Any, size: int, batch_size: int | None, steps: int | None) -> Source:
        """The batches of `x` without targets."""
        from convcore.program import Feed

        if is_stream(x):
            source = StreamSource(x, lambda x, y, weight: Feed(self._all_inputs(x)), steps)
            if not self.built:
                self._meet(source.peek())
            return source
        feed = Feed(self._all_inputs(x))
        if not feed.size:
            return ArraySource(feed, size)
        size = arguments.size_for_steps(size, batch_size, steps, feed.size)
        return ArraySource(feed, size, None if steps is None else min(steps, -(-feed.size // size)))

    def _fits_as_it_is(self, x: Any) -> bool:
        shape = self._graph().inputs[0].shape
        return type(x) is np.ndarray and x.dtype == FLOAT32 and x.ndim > 0 and x.shape[1:] == shape

    def _all_inputs(self, x: Any) -> tuple[Array, ...]:
        """`x` as an array for each input of the model, with as many samples each."""
        if self._is_composed and not self.built:
            self._meet(x)
        several = self.built and self._input_count > 1
        if self.built and not several and not self._is_open and self._fits_as_it_is(x):
            return (x,)  # what most calls bring costs no more than it has to
        if not several:
            return (self._inputs(self._arguments(x)[0] if isinstance(x, Mapping) else x),)
        inputs = [arguments.array("x", each) for each in self._arguments(x)]
        if self._is_open:
            self._take_sizes([each.shape[1:] for each in inputs])
        inputs = [
            arguments.with_channels(each, value.shape) for each, value in zip(inputs, self._graph().inputs, strict=True)
        ]
        if len({len(each) for each in inputs}) > 1:
            sizes = ", ".join(str(len(each)) for each in inputs)
            raise ShapeError(
                "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples. "
                f"'x' sizes: {sizes}"
            )
        self._connect_all([each.shape for each in inputs])
        return tuple(inputs)

    def _feed(
        self,
        compiled: Compiled,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
    ) -> Feed:
        """Samples, targets and weights, checked against each other, against the loss and against the model."""
        from convcore.program import Feed

        arrays = self._given_inputs(x)
        targets, given = self._given_labels(compiled, arrays, y, sample_weight)
        count = len(arrays[0])
        if not count:
            raise ParameterError("x and y must hold at least one sample. Received: 0 samples")
        arrays = self._all_inputs(arrays[0] if len(arrays) == 1 else Given(arrays))
        shapes = [tuple(output.shape) for output in self._graph().outputs]
        before = compiled.losses
        compiled.choose_losses(_with_shapes(targets, shapes))
        if any(a is not b for a, b in zip(before, compiled.losses, strict=True)):
            self._runner = None
        weights = [arguments.sample_weights(a, count, shape) for a, shape in zip(given, shapes, strict=True)]
        if class_weight is not None:
            if len(targets) > 1:
                raise ParameterError("`class_weight` is only supported for Models with a single output.")
            weights = [arguments.class_weights(class_weight, each) for each in targets if each is not None]
        kernel_targets = list(targets)
        for number, loss in enumerate(compiled.losses):
            each = targets[number]
            if loss is not None and each is not None:
                targets[number] = each = loss.targets(each, shapes[number])
                kernel_targets[number] = loss.kernel_targets(each)
        compiled.choose_metrics(_with_shapes(targets, shapes))
        return Feed(arrays, tuple(targets), tuple(weights), tuple(kernel_targets))

    def _given_inputs(self, x: Any) -> tuple[Array, ...]:
        """`x` as an array for each input, as far as they are known."""
        if self._is_composed and not self.built:
            self._meet(x)
        several = self.built and self._input_count > 1
        given = self._arguments(x) if several or isinstance(x, Mapping) else [x]
        return tuple(arguments.array("x", each) for each in given)

    def _given_labels(
        self, compiled: Compiled, inputs: Sequence[Array], y: Any, sample_weight: Any
    ) -> tuple[list[Array | None], list[Array | None]]:
        """`y` and `sample_weight` as an array for each output, with as many entries as `inputs`."""
        targets: list[Array | None] = []
        for each, is_trained in zip(compiled.outputs.targets(y, compiled.trained), compiled.trained, strict=True):
            targets.append(arguments.array("y", each) if each is not None or is_trained else None)
        for target in targets:
            if target is not None:
                _require_same_length(inputs[0], target)
        weights = compiled.outputs.sample_weights(sample_weight)
        return targets, [None if each is None else arguments.array("sample_weight", each) for each in weights]


def _with_shapes(
    targets: Sequence[Array | None], shapes: Sequence[tuple[int, ...]]
) -> list[tuple[Any, tuple[int, ...]]]:
    return [(None if a is None else a.shape[1:], shape) for a, shape in zip(targets, shapes, strict=True)]


def _require_same_length(inputs: Array, targets: Array) -> None:
    if len(inputs) != len(targets):
        raise ShapeError(
            "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples, x and y and "
            f"sample_weight. Received: {len(inputs)} samples in x of shape "
            f"{inputs.shape} and {len(targets)} in y of shape {targets.shape}"
        )
