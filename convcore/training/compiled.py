"""What compile leaves behind: an optimizer, and of each output a loss and metrics."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from convcore import losses, metrics, optimizers
from convcore.checks import real
from convcore.errors import ParameterError, StateError
from convcore.losses import Loss
from convcore.losses.own import OwnLoss
from convcore.metrics import Metric
from convcore.random import next_seed
from convcore.training.outputs import Outputs

__all__ = ["Compiled", "MeanLosses"]

Array = npt.NDArray[Any]
Shape = tuple[int, ...]

# Metrics that count, and nothing else: several batches shown as one leave the same figure. A subclass may do more.
COUNTING = (
    metrics.Accuracy,
    metrics.BinaryAccuracy,
    metrics.CategoricalAccuracy,
    metrics.SparseCategoricalAccuracy,
    metrics.SparseTopKCategoricalAccuracy,
    metrics.TopKCategoricalAccuracy,
)


class Compiled:
    """The optimizer, the losses and the metrics of a model with certain `outputs`.

    What depends on the shapes of the targets, such as "accuracy", takes its final form with the first of them.
    """

    def __init__(
        self,
        optimizer: object,
        loss: object,
        metric_names: Any = None,
        weighted_metric_names: Any = None,
        loss_weights: Any = None,
        outputs: Outputs | None = None,
    ) -> None:
        self.optimizer = optimizers.get(optimizer)
        #: The loss as compile got it.
        self.loss = loss
        self._asked = metric_names, weighted_metric_names, loss_weights
        self.meet(outputs or Outputs())
        #: What the order of the samples follows from, with the batches trained on so far; drawn when it is first
        #: needed.
        self.drawn_seed: int | None = None
        #: "fast" or "exact" for this model alone; None for what `set_math` says.
        self.math: str | None = None
        #: How many batches the callbacks see as one.
        self.steps_per_execution = 1

    def meet(self, outputs: Outputs) -> None:
        """Give each of `outputs` what compile was given for it."""
        loss, (metric_names, weighted_metric_names, loss_weights) = self.loss, self._asked
        self.outputs = outputs
        asked = self.outputs.losses(loss)
        self._given = [_loss(each) for each in asked]
        self._loss_names = list(map(_loss_name, asked))
        #: Which outputs have a loss.
        self.trained = [each is not None for each in self._given]
        weights = self.outputs.loss_weights(loss_weights, self.trained)
        self._has_weights = loss_weights is not None
        #: What the loss of each output counts, and the losses: None for outputs that are not trained.
        self.loss_weights = [real("loss_weights", weight, -math.inf) for weight in weights]
        self._losses: list[Loss | None] = [each if isinstance(each, Loss) else None for each in self._given]
        self._identifiers = [_checked(items) for items in self.outputs.metrics("metrics", metric_names)]
        self._weighted = [_checked(items) for items in self.outputs.metrics("weighted_metrics", weighted_metric_names)]
        #: The numbers of the outputs whose losses are told one by one.
        self.told = [number for number, is_trained in enumerate(self.trained) if is_trained and sum(self.trained) > 1]
        if self.outputs.are_keys and isinstance(loss, Mapping):
            self.told.sort(key=lambda number: list(loss).index((self.outputs.names or ())[number]))
        self._names = self._all_names()
        self._metrics: list[list[Metric]] = [[] for _ in self._identifiers]
        self._weighted_metrics: list[list[Metric]] = [[] for _ in self._weighted]
        self._shapes: Sequence[tuple[Shape | None, Shape]] | None = None

    def _all_names(self) -> list[str]:
        """The names of the figures: the loss, those of the outputs, the metrics of each and the weighted ones."""
        labels = self.outputs.names or ("output",)
        several = self.outputs.count > 1 and self.outputs.are_labels
        names = ["loss"]
        for number in self.told:
            label = labels[number] if self.outputs.are_labels else self._loss_names[number]
            names.append(_distinct(f"{label}_loss", names))
        for items, lead in ((self._identifiers, ""), (self._weighted, "weighted_")):
            for label, of_output in zip(labels, items, strict=True):
                for name in map(_name, of_output):
                    if name == "loss":
                        raise ParameterError("A metric is called 'loss', as the loss is. Hint: give it another `name`.")
                    full = f"{label}_{name}" if several else name
                    if full in names and lead:
                        full = f"{label}_{lead}{name}" if several else f"{lead}{name}"
                    names.append(_distinct(full, names))
        return names

    @property
    def metrics_names(self) -> list[str]:
        """The names of what evaluate returns, in its order: as in Keras, the metrics of several outputs by name."""
        told = 1 + len(self.told)
        if not self.outputs.are_labels:
            return ["loss", *self._names[told:], *self._names[1:told]]
        return [*self._names[:told], *(sorted(self._names[told:]) if self.outputs.count > 1 else self._names[told:])]

    @property
    def losses(self) -> list[Loss | None]:
        """The loss of each output, None for those that are not trained; StateError if compile got none."""
        if not self.has_loss:
            raise StateError("No loss to compute. Provide a `loss` argument in `compile()`.")
        return self._losses

    @property
    def has_loss(self) -> bool:
        """Whether compile got a loss."""
        return any(self.trained)

    def choose_losses(self, shapes: Sequence[tuple[Shape | None, Shape]]) -> None:
        """Choose the losses for samples of these shapes, of targets (None where there are none) and outputs, of each
        output: "crossentropy" depends on them."""
        self._losses = [
            None if each is None else losses.for_shapes(each, *pair)
            for each, pair in zip(self._given, shapes, strict=True)
        ]

    def choose_metrics(self, shapes: Sequence[tuple[Shape | None, Shape]]) -> None:
        """Choose the metrics likewise: "accuracy" depends on them."""
        if self._shapes == shapes:
            return
        for plain, weighted, (target_shape, _) in zip(self._identifiers, self._weighted, shapes, strict=True):
            if (plain or weighted) and target_shape is None:
                raise ParameterError(f"There are no targets for the metrics {list(map(_name, plain + weighted))}.")
        self._metrics = [_chosen(items, *pair) for items, pair in zip(self._identifiers, shapes, strict=True)]
        self._weighted_metrics = [_chosen(items, *pair) for items, pair in zip(self._weighted, shapes, strict=True)]
        self._shapes = list(shapes)

    def shuffle_seed(self) -> int:
        """What the orders of the samples follow from."""
        if self.drawn_seed is None:
            self.drawn_seed = next_seed()
        return self.drawn_seed

    def all_metrics(self) -> list[Metric]:
        """The metrics, output by output, and then the weighted ones."""
        return [metric for of_output in (*self._metrics, *self._weighted_metrics) for metric in of_output]

    @property
    def takes_batches_together(self) -> bool:
        """Whether several batches shown as one leave the same figures, to the bit: there is one loss, and the metrics
        count."""
        weighted = any(self._weighted_metrics)
        return not self.told and not weighted and all(type(metric) in COUNTING for metric in self.all_metrics())

    def reset(self) -> None:
        """Forget what the metrics have seen."""
        for metric in self.all_metrics():
            metric.reset_state()

    def update(
        self,
        targets: Sequence[Array | None],
        outputs: Sequence[npt.NDArray[np.float32]],
        weights: Sequence[Array | None],
    ) -> None:
        """Show a batch to the metrics; only `weighted_metrics` get the weights of the samples."""
        for number, (truth, guess, weight) in enumerate(zip(targets, outputs, weights, strict=True)):
            for metric in self._metrics[number]:
                metric.update_state(truth, guess)
            for metric in self._weighted_metrics[number]:
                metric.update_state(truth, guess, sample_weight=weight)

    def results(self, mean_losses: Sequence[float]) -> dict[str, float]:
        """The figures so far by name, in the order of `metrics_names`; `MeanLosses` has the losses."""
        figures = [*mean_losses, *(_number(metric.result()) for metric in self.all_metrics())]
        found = dict(zip(self._names, figures, strict=True))
        return {name: found[name] for name in self.metrics_names}

    def get_config(self) -> dict[str, Any]:
        """The arguments of compile as plain data, but for a loss and metrics of one's own, whose code no data can
        hold."""
        items = [item for of_output in (*self._identifiers, *self._weighted) for item in of_output]
        if not all(map(_is_plain, (*items, *self._given))):
            warnings.warn(
                "A loss and metrics of one's own are not saved with a model: compile it with them again after loading.",
                UserWarning,
                stacklevel=4,
            )
        config: dict[str, Any] = {} if self.drawn_seed is None else {"shuffle_seed": self.drawn_seed}
        if self.math is not None:
            config["math"] = self.math
        if self._has_weights:
            config["loss_weights"] = self.loss_weights
        for name, value in {
            "loss": [_plain_loss(each) for each in self._given],
            "metrics": [_plain(of_output) for of_output in self._identifiers],
            "weighted_metrics": [_plain(of_output) for of_output in self._weighted],
        }.items():
            config[name] = value if self.outputs.count > 1 else value[0]
        return {"optimizer": optimizers.serialize(self.optimizer), **config}


class MeanLosses:
    """The mean losses over the samples seen: of the model, and of the outputs of which `compiled` tells."""

    def __init__(self, compiled: Compiled) -> None:
        self._told = compiled.told
        self._sums = [0.0] * (1 + len(self._told))
        self.seen = 0

    def add(self, loss: float, each: Array, count: int) -> None:
        """A batch of `count` samples had the mean `loss`, and its outputs `each`."""
        self.seen += count
        self._sums[0] += loss * count
        for place, number in enumerate(self._told, 1):
            self._sums[place] += (loss if math.isnan(loss) else float(each[number])) * count

    def means(self) -> list[float]:
        return [total / self.seen for total in self._sums]


def _loss(identifier: Any) -> Any:
    """The loss asked for, or its name if which it is depends on shapes; None for none."""
    if identifier is None or losses.depends_on_shapes(identifier):
        return identifier
    loss = losses.get(identifier)
    loss.spec()  # refuses at once what cannot be trained with
    return loss


def _loss_name(identifier: Any) -> str:
    return identifier if isinstance(identifier, str) else str(getattr(_loss(identifier), "name", None))


def _checked(items: Sequence[Any]) -> list[Any]:
    """The metrics asked for, each checked at once: a name that does not exist is refused by compile, not by fit."""
    return [metrics.get(item) if isinstance(item, Mapping) else item for item in items if _name(item)]


def _chosen(items: Sequence[Any], target_shape: Shape | None, output_shape: Shape) -> list[Metric]:
    return [metrics.for_shapes(item, target_shape or (), output_shape) for item in items]


def _number(figure: Any) -> Any:
    """A figure as a float, unless it has several values."""
    return float(figure) if getattr(figure, "shape", None) == () else figure


def _distinct(name: str, names: Sequence[str]) -> str:
    """`name`, with the first number that makes it a new one if it is among `names`."""
    others = (f"{name}_{number}" for number in itertools.count(1))
    return name if name not in names else next(other for other in others if other not in names)


def _name(identifier: Any) -> str:
    if isinstance(identifier, str):
        metrics.for_shapes(identifier, (), (1,))
        return identifier
    return metrics.get(identifier).name


# Classes of convcore around functions of one's own.
_OF_CODE = (metrics.MeanMetricWrapper, OwnLoss)


def _is_plain(item: Any) -> bool:
    """Whether a loss or metric is one of convcore's, which a configuration makes again."""
    room = type(item).__module__
    return not callable(item) or (room.startswith("convcore.") and not isinstance(item, _OF_CODE))


def _plain(items: Sequence[Any]) -> list[Any]:
    return [item if isinstance(item, str) else metrics.serialize(item) for item in items if _is_plain(item)]


def _plain_loss(loss: Any) -> Any:
    if not isinstance(loss, Loss):
        return loss
    return losses.serialize(loss) if _is_plain(loss) else None
