"""What is given for each output of a model: one thing for all, a list with one for each, or a dict by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from convcore.checks import shown
from convcore.errors import NotSupportedError, ParameterError, ShapeError

__all__ = ["Outputs"]


class Outputs:
    """The outputs of a model by `names`; None for a model that is not built yet, which will have one.

    `are_keys` says that they are those of a dict that the model gives.
    `are_labels` says that the figures of an output bear its name.
    """

    def __init__(self, names: Sequence[str] | None = None, *, are_keys: bool = False, are_labels: bool = True) -> None:
        self.names = None if names is None else tuple(names)
        self.count = 1 if names is None else len(names)
        self.are_keys = are_keys
        self.are_labels = are_labels

    @classmethod
    def nameless(cls, count: int) -> Outputs:
        """Those in the list that a call() of one's own gives: what is told of them bears the losses' names."""
        return cls([f"output_{number}" for number in range(1, count + 1)], are_labels=False)

    @classmethod
    def expected(cls, loss: Any) -> Outputs:
        """Those that a model with a call() of its own will have, as far as the losses for them tell."""
        if _is_by_name(loss):
            return cls(sorted(loss), are_keys=True)
        return cls.nameless(len(loss)) if isinstance(loss, list | tuple) and len(loss) > 1 else cls()

    def losses(self, value: Any) -> list[Any]:
        """The loss of each output, None for those that are not trained, which a dict may leave out."""
        if isinstance(value, list | tuple):
            if len(value) != self.count:
                raise ParameterError(
                    f"`loss` must have one entry for each of the {self.count} outputs. Received: loss={shown(value)}"
                )
            return [_only(each) for each in value]
        if not _is_by_name(value):
            return [value] * self.count
        names = self.names or tuple(value)[:1]
        if not set(value) <= set(names):
            raise ParameterError(
                f"Expected keys {list(names)} in loss dict, but found loss.keys()={list(value)}. "
                "Hint: None for an output that is not trained."
            )
        return [_only(value.get(name)) for name in names]

    def loss_weights(self, value: Any, trained: Sequence[bool]) -> list[Any]:
        """What the loss of each output counts; 1.0 without a `value`. Those that are not `trained` may be left out."""
        if value is None:
            return [1.0] * self.count
        if isinstance(value, int | float | np.floating) and not isinstance(value, bool) and self.count == 1:
            return [value]
        if _is_by_name(value):
            names = self.names or tuple(value)[:1]
            if set(value) <= set(names) and all(
                name in value for name, is_so in zip(names, trained, strict=True) if is_so
            ):
                return [value.get(name) or 0.0 for name in names]
        elif isinstance(value, list | tuple):
            if len(value) == self.count:
                return [0.0 if weight is None else weight for weight in value]
        else:
            raise ParameterError(
                "Expected `loss_weights` argument to be a float (single output case) or a list, tuple, or dict "
                f"(multiple output case). Received instead: loss_weights={shown(value)} of type {type(value)}"
            )
        raise ParameterError(
            f"`loss_weights` must match the number of losses, got {sum(trained)} losses and {len(value)} weights: "
            f"loss_weights={shown(value)}"
        )

    def metrics(self, argument: str, value: Any) -> list[list[Any]]:
        """The metrics asked for, of each output."""
        if not value and value != 0:
            return [[] for _ in range(self.count)]
        if not isinstance(value, list | tuple | Mapping):
            raise ParameterError(
                f"Expected `{argument}` argument to be a list, tuple, or dict. Received instead: "
                f"{argument}={shown(value)} of type {type(value)}"
            )
        if self.count == 1:
            return [_leaves(value)]
        if isinstance(value, Mapping):
            if set(value) <= set(self.names or ()):
                return [_leaves(value.get(name)) for name in self.names or ()]
        elif len(value) == self.count:
            return [_leaves(each) for each in value]
        raise ParameterError(
            f"Invalid `{argument}`. `{argument}` should contain metrics objects and either be a dict or a list "
            f"matching the output names of the functional model {list(self.names or ())}. "
            f"Received: {argument}={shown(value)}"
        )

    def targets(self, value: Any, trained: Sequence[bool]) -> list[Any]:
        """The targets of each output, None where there are none; a list may be of those that are `trained`."""
        if isinstance(value, Mapping):
            names = self.names or tuple(value)[:1]
            if set(value) <= set(names):
                return [value.get(name) for name in names]
        elif self.count == 1:
            return [value]
        elif isinstance(value, list | tuple) and len(value) == self.count:
            return list(value)
        else:
            parts = iter(value if isinstance(value, list | tuple) else [value])
            if (len(value) if isinstance(value, list | tuple) else 1) == sum(trained):
                return [next(parts) if is_trained else None for is_trained in trained]
        received = f"keys {list(value)}" if isinstance(value, Mapping) else _described(value)
        raise ShapeError(
            f"y_true and y_pred have different structures. The model has the outputs {list(self.names or ())}: `y` "
            f"must be a list of as many arrays, or a dict by these names. Received: {received}"
        )

    def sample_weights(self, value: Any) -> list[Any]:
        """The weights of the samples for each output, None where there are none."""
        if isinstance(value, Mapping):
            names = self.names or tuple(value)[:1]
            if set(value) <= set(names):
                return [value.get(name) for name in names]
        elif self.count == 1 or value is None:
            return [value] * self.count
        elif not isinstance(value, list | tuple):
            shape = np.shape(value)
            if len(shape) > 1 and shape[1:] != (1,):
                raise ShapeError(
                    "For a model with multiple outputs, when providing a single `sample_weight` array, it should only "
                    "have one scalar score per sample (i.e. shape `(num_samples,)`). If you want to use non-scalar "
                    "sample weights, pass a `sample_weight` argument with one array per model output. Received: shape "
                    f"{shape}"
                )
            return [value] * self.count
        elif len(value) == self.count:
            return list(value)
        received = f"keys {list(value)}" if isinstance(value, Mapping) else _described(value)
        raise ShapeError(
            "You should provide one `sample_weight` array per output in `y`. The two structures did not match: the "
            f"model has the outputs {list(self.names or ())}. Received: {received}"
        )


def _is_by_name(value: Any) -> bool:
    """Whether `value` is a dict by names, rather than the configuration of one thing."""
    return isinstance(value, Mapping) and "class_name" not in value


def _only(loss: Any) -> Any:
    """The loss of one output, which may be in a list of one."""
    if not isinstance(loss, list | tuple):
        return loss
    if len(loss) == 1:
        return loss[0]
    raise NotSupportedError(
        f"convcore does not implement several losses for one output (received loss={shown(loss)}; supported: one for "
        "each output, such as a subclass of convcore.losses.Loss that adds them)"
    )


def _leaves(items: Any) -> list[Any]:
    """The items of nested lists and dicts, one for None of them being a list."""
    if items is None:
        return []
    if _is_by_name(items):
        items = [items[key] for key in sorted(items)]
    if isinstance(items, list | tuple):
        return [leaf for item in items for leaf in _leaves(item)]
    return [items]


def _described(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"an array of shape {np.shape(value)}" if hasattr(value, "shape") else f"{shown(value)}"
