"""What compile leaves behind: an optimizer, a loss and the metrics."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore import losses, metrics, optimizers
from convcore.checks import shown
from convcore.errors import NotSupportedError, ParameterError, StateError
from convcore.losses import Loss
from convcore.metrics import Metric
from convcore.random import next_seed

__all__ = ["Compiled"]

Array = npt.NDArray[Any]


class Compiled:
    """The optimizer, the loss and the metrics of a model. Metrics take their final form with the first targets."""

    def __init__(self, optimizer: object, loss: object, metric_names: Any, weighted_metric_names: Any) -> None:
        self.optimizer = optimizers.get(optimizer)
        self._loss = None if loss is None else losses.get(loss)
        if self._loss is not None:
            self._loss.spec()  # refuses at once what cannot be trained with
        self._identifiers = _identifiers("metrics", metric_names)
        self._weighted = _identifiers("weighted_metrics", weighted_metric_names)
        names = _distinct([_name(item) for item in (*self._identifiers, *self._weighted)])
        if "loss" in names:
            raise ParameterError("A metric is called 'loss', as the loss is. Hint: give it another `name`.")
        self.metrics_names = ["loss", *names]
        self.metrics: list[Metric] = []
        self.weighted_metrics: list[Metric] = []
        self._shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
        #: What the order of the samples follows from, with the batches trained on so far; drawn when it is first
        #: needed.
        self.drawn_seed: int | None = None
        #: "fast" or "exact" for this model alone; None for what `set_math` says.
        self.math: str | None = None

    @property
    def loss(self) -> Loss:
        """The loss; StateError if compile got none."""
        if self._loss is None:
            raise StateError("No loss to compute. Provide a `loss` argument in `compile()`.")
        return self._loss

    @property
    def has_loss(self) -> bool:
        """Whether compile got a loss."""
        return self._loss is not None

    def choose_metrics(self, target_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> None:
        """Choose the metrics for samples of these shapes: "accuracy" depends on them."""
        if self._shapes != (target_shape, output_shape):
            self._shapes = (target_shape, output_shape)
            self.metrics = [metrics.for_shapes(item, target_shape, output_shape) for item in self._identifiers]
            self.weighted_metrics = [metrics.for_shapes(item, target_shape, output_shape) for item in self._weighted]

    def shuffle_seed(self) -> int:
        """What the orders of the samples follow from."""
        if self.drawn_seed is None:
            self.drawn_seed = next_seed()
        return self.drawn_seed

    def all_metrics(self) -> list[Metric]:
        """The metrics in the order of `metrics_names`, without the loss."""
        return [*self.metrics, *self.weighted_metrics]

    def reset(self) -> None:
        """Forget what the metrics have seen."""
        for metric in self.all_metrics():
            metric.reset_state()

    def update(self, targets: Array, outputs: npt.NDArray[np.float32], weights: Array | None) -> None:
        """Show a batch to the metrics; only `weighted_metrics` get the weights of the samples."""
        for metric in self.metrics:
            metric.update_state(targets, outputs)
        for metric in self.weighted_metrics:
            metric.update_state(targets, outputs, sample_weight=weights)

    def results(self, loss: float) -> dict[str, float]:
        """The figures so far, the loss first."""
        figures = [loss, *(metric.result() for metric in self.all_metrics())]
        return dict(zip(self.metrics_names, figures, strict=True))

    def get_config(self) -> dict[str, Any]:
        """The arguments of compile as plain data, but for a loss and metrics of one's own, whose code no data can
        hold."""
        own = [item for item in (*self._identifiers, *self._weighted) if not _is_plain(item)]
        if own or not _is_plain(self._loss):
            warnings.warn(
                "A loss and metrics of one's own are not saved with a model: compile it with them again after loading.",
                UserWarning,
                stacklevel=4,
            )
        seed = {} if self.drawn_seed is None else {"shuffle_seed": self.drawn_seed}
        math = {} if self.math is None else {"math": self.math}
        return (
            seed
            | math
            | {
                "optimizer": optimizers.serialize(self.optimizer),
                "loss": None if self._loss is None or not _is_plain(self._loss) else losses.serialize(self._loss),
                "metrics": [_plain(item) for item in self._identifiers if _is_plain(item)],
                "weighted_metrics": [_plain(item) for item in self._weighted if _is_plain(item)],
            }
        )


def _identifiers(argument: str, value: Any) -> list[Any]:
    """The metrics asked for, each checked at once: a name that does not exist is refused by compile, not by fit."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        raise NotSupportedError(
            f"convcore does not implement a dict by outputs as `{argument}` (received {argument}={shown(value)}; "
            "supported: a list, for the one output)."
        )
    if not isinstance(value, list | tuple):
        raise ParameterError(
            f"Expected `{argument}` argument to be a list or tuple. Received instead: {argument}={shown(value)} "
            f"of type {type(value).__name__}"
        )
    return [metrics.get(item) if isinstance(item, Mapping) else item for item in _flat(value) if _name(item)]


def _flat(items: Iterable[Any]) -> Iterator[Any]:
    """The items of nested lists: Keras's lists by outputs, of which there is one."""
    for item in items:
        if isinstance(item, list | tuple):
            yield from _flat(item)
        else:
            yield item


def _distinct(names: list[str]) -> list[str]:
    """`names`, where one that came before gets the first number that makes it a new one."""
    found: list[str] = []
    for name in names:
        others = (f"{name}_{number}" for number in itertools.count(1))
        found.append(name if name not in found else next(other for other in others if other not in found))
    return found


def _name(identifier: Any) -> str:
    if isinstance(identifier, str):
        metrics.for_shapes(identifier, (), (1,))
        return identifier
    return metrics.get(identifier).name


def _is_plain(item: Any) -> bool:
    """Whether a loss or metric is one of convcore's, which a configuration makes again."""
    room = type(item).__module__
    return not callable(item) or (room.startswith("convcore.") and not isinstance(item, metrics.MeanMetricWrapper))


def _plain(identifier: Any) -> Any:
    return identifier if isinstance(identifier, str) else metrics.serialize(identifier)
