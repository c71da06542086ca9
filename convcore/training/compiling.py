"""compile, and the compiled program of a model with the data it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convcore.checks import shown
from convcore.errors import NotSupportedError, ParameterError, ShapeError, StateError
from convcore.runtime import require_math
from convcore.shapes import integer
from convcore.training import arguments
from convcore.training.compiled import Compiled
from convcore.training.sources import ArraySource, Source, StreamSource, is_stream, permutation, refuse_beside

if TYPE_CHECKING:
    from convcore.metrics import Metric
    from convcore.program import Feed, Graph, Runner
    from convcore.variables import FlatParameters

__all__ = ["Compiling", "same_length"]

Array = npt.NDArray[Any]


class Compiling:
    """The half of `Trainer` that prepares: compile, the program, the feeds.

    The model it belongs to has `built`, `_connect`, `_graph` and `_parameters`. `_connect` checks the shape of a batch,
    and builds the model if it is not built yet. The program is made at the first call that needs it and dropped by
    `_invalidate`.
    """

    if TYPE_CHECKING:
        built: bool

        def _graph(self) -> Graph: ...
        def _parameters(self) -> FlatParameters: ...
        def _connect(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]: ...
        def _connect_all(self, input_shapes: list[tuple[int | None, ...]]) -> list[tuple[int | None, ...]]: ...
        def _arguments(self, x: Any) -> list[Any]: ...
        def _packed(self, outputs: Sequence[Any]) -> Any: ...

    _compiled: Compiled | None = None
    _runner: Runner | None = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: None = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: str | bool = "auto",
        auto_scale_loss: bool = True,
        *,
        math: str | None = None,
    ) -> None:
        """Choose the optimizer, the loss and the metrics, each by name or as an object.

        `math`, "fast" or "exact", is this model's own choice of what `convcore.set_math` chooses for all.
        `run_eagerly`, `steps_per_execution`, `jit_compile` and `auto_scale_loss` change nothing here.
        """
        if loss_weights is not None:
            raise NotSupportedError(
                f"convcore does not implement `loss_weights` (received {shown(loss_weights)}; supported: None)."
            )
        compiled = Compiled(optimizer, loss, metrics, weighted_metrics)
        compiled.math = None if math is None else require_math("math", math)
        self._compiled = compiled
        self._runner = None

    @property
    def compiled(self) -> bool:
        """Whether compile has been called."""
        return self._compiled is not None

    @property
    def optimizer(self) -> Any:
        """The `Optimizer` given to compile; None before."""
        return None if self._compiled is None else self._compiled.optimizer

    @property
    def loss(self) -> Any:
        """The loss given to compile; None before, or if there was none."""
        return self._compiled.loss if self._compiled is not None and self._compiled.has_loss else None

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, once the first targets have shown which they are."""
        return [] if self._compiled is None else self._compiled.all_metrics()

    @property
    def metrics_names(self) -> list[str]:
        """The names of what evaluate returns, in its order."""
        return [] if self._compiled is None else list(self._compiled.metrics_names)

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        if self._compiled is not None:
            self._compiled.reset()

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of compile as plain data, for `compile_from_config`; None before compile."""
        return None if self._compiled is None else self._compiled.get_config()

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile with what `get_compile_config` gave."""
        if not isinstance(config, Mapping) or "optimizer" not in config:
            raise ParameterError(f"Not the arguments of compile: {shown(config)}")
        self.compile(
            optimizer=config["optimizer"],
            loss=config.get("loss"),
            metrics=config.get("metrics"),
            weighted_metrics=config.get("weighted_metrics"),
            math=config.get("math"),
        )
        if self._compiled is not None and "shuffle_seed" in config:
            self._compiled.drawn_seed = integer("shuffle_seed", config["shuffle_seed"], 0, 2**63 - 1)

    def _invalidate(self) -> None:
        """Drop the compiled program: the layers, or which of them are trained, have changed."""
        self._runner = None

    def _require_compiled(self, method: str) -> Compiled:
        if self._compiled is None:
            raise StateError(f"You must call `compile()` before calling `{method}()`.")
        if not self._compiled.has_loss:
            raise StateError("No loss to compute. Provide a `loss` argument in `compile()`.")
        if self.built:
            graph = self._graph()
            if len(graph.inputs) > 1 or len(graph.outputs) > 1:
                raise NotSupportedError(
                    f"convcore does not implement {method} of models with several inputs or outputs (received: "
                    f"{len(graph.inputs)} and {len(graph.outputs)}; supported: one of each; predict takes any number)"
                )
        return self._compiled

    def _program(self) -> Runner:
        """The model's program with, if there are, its loss and optimizer."""
        if self._runner is None:
            from convcore.program import Runner

            compiled, parameters = self._compiled, self._parameters()
            if compiled is None or not compiled.has_loss:
                self._runner = Runner(self._graph(), parameters)
            else:
                compiled.optimizer.build(parameters.values.size)
                self._runner = Runner(
                    self._graph(), parameters, loss=compiled.loss.spec(), optimizer=compiled.optimizer
                )
            self._runner.chosen_math = None if compiled is None else compiled.math
        return self._runner

    def _inputs(self, x: Any) -> Array:
        """`x` as an array that fits the model, which is built if it is not yet."""
        inputs = arguments.array("x", x)
        if self.built:
            input_shape = self._graph().input.shape
            inputs = arguments.with_channels(inputs, input_shape)
            if inputs.shape[1:] == input_shape:
                return inputs
        self._connect(inputs.shape)
        return inputs

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
            self._inputs(source.peek())
        return source

    def _inputs_source(self, x: Any, size: int, batch_size: int | None, steps: int | None) -> Source:
        """The batches of `x` without targets."""
        from convcore.program import Feed

        if is_stream(x):
            source = StreamSource(x, lambda x, y, weight: Feed(self._all_inputs(x)), steps)
            if not self.built:
                self._inputs(source.peek())
            return source
        feed = Feed(self._all_inputs(x))
        if not feed.size:
            return ArraySource(feed, size)
        size = arguments.size_for_steps(size, batch_size, steps, feed.size)
        return ArraySource(feed, size, None if steps is None else min(steps, -(-feed.size // size)))

    def _all_inputs(self, x: Any) -> tuple[Array, ...]:
        """`x` as an array for each input of the model, with as many samples each."""
        several = self.built and len(self._graph().inputs) > 1
        if not several:
            return (self._inputs(self._arguments(x)[0] if isinstance(x, Mapping) else x),)
        inputs = [arguments.array("x", each) for each in self._arguments(x)]
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

        inputs, targets = arguments.array("x", x), arguments.array("y", y)
        same_length(inputs, targets)
        if not len(inputs):
            raise ParameterError("x and y must hold at least one sample. Received: 0 samples")
        inputs = self._inputs(inputs)
        output_shape = tuple(self._graph().output.shape)
        targets = compiled.loss.targets(targets, output_shape)
        weights = arguments.sample_weights(sample_weight, len(inputs))
        if class_weight is not None:
            weights = arguments.class_weights(class_weight, targets)
        compiled.choose_metrics(targets.shape[1:], output_shape)
        return Feed(inputs, targets, weights, compiled.loss.kernel_targets(targets))


def same_length(inputs: Array, targets: Array) -> None:
    if len(inputs) != len(targets):
        raise ShapeError(
            f"x and y must have one entry per sample each. Received: {len(inputs)} samples in x of shape "
            f"{inputs.shape} and {len(targets)} in y of shape {targets.shape}"
        )
