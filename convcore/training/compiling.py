"""compile, and the compiled program of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from convcore.checks import shown
from convcore.errors import ParameterError, StateError
from convcore.runtime import require_math
from convcore.shapes import integer
from convcore.training.compiled import Compiled
from convcore.training.outputs import Outputs

if TYPE_CHECKING:
    from convcore.metrics import Metric
    from convcore.program import Graph, Runner
    from convcore.variables import FlatParameters

__all__ = ["Compiling"]


class Compiling:
    """The part of `Trainer` that prepares: compile, the program.

    The model it belongs to has `built`, `_connect`, `_graph` and `_parameters`. `_connect` checks the shape of a batch,
    and builds the model if it is not built yet. The program is made at the first call that needs it and dropped by
    `_invalidate`.
    """

    if TYPE_CHECKING:
        built: bool
        _input_count: int
        _is_open: bool
        _is_composed: ClassVar[bool]

        def _graph(self) -> Graph: ...
        def _take_sizes(self, shapes: Sequence[tuple[int, ...]]) -> None: ...
        def _parameters(self) -> FlatParameters: ...
        def _connect(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]: ...
        def _connect_all(self, input_shapes: list[tuple[int | None, ...]]) -> list[tuple[int | None, ...]]: ...
        def _arguments(self, x: Any) -> list[Any]: ...
        def _packed(self, outputs: Sequence[Any]) -> Any: ...
        @property
        def output_names(self) -> list[str]: ...
        @property
        def output(self) -> Any: ...

    _compiled: Compiled | None = None
    _runner: Runner | None = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
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

        A model of several outputs takes one loss for all, a list with one for each, or a dict by their names, with None
        for an output that is not trained; metrics as lists for each, or a dict. Trained is the sum of the losses, each
        times its entry in `loss_weights`, a list or a dict.

        `math`, "fast" or "exact", is this model's own choice of what `convcore.set_math` chooses for all.
        `steps_per_execution` is how many batches the callbacks of fit and evaluate see as one: they are called before
        the first and after the last of them. `run_eagerly`, `jit_compile` and `auto_scale_loss` change nothing here.
        """
        outputs = Outputs.expected(loss) if self._is_composed and not self.built else self._outputs()
        compiled = Compiled(optimizer, loss, metrics, weighted_metrics, loss_weights, outputs)
        compiled.math = None if math is None else require_math("math", math)
        compiled.steps_per_execution = integer("steps_per_execution", steps_per_execution, 1)
        self._compiled = compiled
        self._runner = None

    def _outputs(self) -> Outputs:
        """What losses and metrics may be given by: the keys of a dict of outputs, else the names of their layers."""
        if not self.built:
            return Outputs()
        structure = self.output
        if isinstance(structure, dict) and all(
            not isinstance(each, list | tuple | dict) for each in structure.values()
        ):
            return Outputs(sorted(structure), are_keys=True)
        if self._is_composed and isinstance(structure, list | tuple) and len(structure) > 1:
            return Outputs.nameless(len(self.output_names))
        return Outputs(self.output_names)

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
        """The loss, or losses, as compile got it; None before, or if there was none."""
        return None if self._compiled is None else self._compiled.loss

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
            loss_weights=config.get("loss_weights"),
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
                specs = [None if loss is None else loss.spec() for loss in compiled.losses]
                self._runner = Runner(
                    self._graph(),
                    parameters,
                    loss=specs,
                    loss_weights=compiled.loss_weights,
                    optimizer=compiled.optimizer,
                )
            self._runner.chosen_math = None if compiled is None else compiled.math
        return self._runner
