"""Optimizers outside of fit: gradients applied to variables, and which variables have no weight decay."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convcore.errors import ParameterError, ShapeError
from convcore.variables import FlatParameters, Variable

if TYPE_CHECKING:
    from convcore.program.update import Update

__all__ = ["Applying"]

Array = npt.NDArray[np.float32]


class Applying:
    """The half of `Optimizer` that takes gradients from outside and knows about single variables."""

    if TYPE_CHECKING:
        slots: list[Array]
        batches: int
        weight_decay: float | None
        loss_scale_factor: float | None
        use_ema: bool
        learning_rate: Any

        @property
        def scheduled(self) -> bool: ...
        @property
        def slot_names(self) -> tuple[str, ...]: ...
        @property
        def iterations(self) -> int: ...
        def build(self, variables: int | Sequence[Any]) -> None: ...

    def __init__(self) -> None:
        self._variables: list[Any] = []
        self._twins: list[Variable] = []
        self._update: Update | None = None
        self._undecayed: tuple[frozenset[int], re.Pattern[str] | None] = (frozenset(), None)
        #: Counts the changes of what is exempt from weight decay.
        self.decay_version = 0
        #: Where in the slots the variables are that the optimizer changes, by their id.
        self.places: dict[int, slice] = {}

    def __getstate__(self) -> dict[str, Any]:
        """A copy is bound to no variables: its slots wait for those that it is used on."""
        return self.__dict__ | {"_variables": [], "_twins": [], "_update": None, "places": {}}

    @property
    def variables(self) -> list[Any]:
        """The state as Keras lists it: the batches seen, the learning rate if it can be set, copies of the slots."""
        rate = [] if self.scheduled else [self.learning_rate]
        return [np.int64(self.batches), *rate, *(slot.copy() for slot in self.slots)]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Take over the state of another optimizer of this class, its `variables`; ParameterError before `build`."""
        if self._update is None and not self.slots:
            raise ParameterError(
                "You are calling `set_weights()` on an optimizer that has not yet been built. Please call "
                "`optimizer.build(trainable_variables)` to create the optimizer weights before calling `set_weights()`."
            )
        own = self.variables
        if len(weights) != len(own) or any(np.shape(a) != np.shape(b) for a, b in zip(weights, own, strict=True)):
            raise ShapeError(
                f"The weights of {type(self).__name__} have the shapes {[np.shape(value) for value in own]}, those "
                f"given {[np.shape(value) for value in weights]}."
            )
        self.batches = int(weights[0])
        if not self.scheduled:
            self.learning_rate = float(weights[1])
        for slot, value in zip(self.slots, weights[len(own) - len(self.slots) :], strict=True):
            slot[...] = value

    def scale_loss(self, loss: Any) -> Any:
        """`loss` times `loss_scale_factor`: steps divide the gradients by it."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def exclude_from_weight_decay(
        self, var_list: Iterable[Any] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Exempt the variables of `var_list`, and those whose name has one of `var_names` in it, from weight decay.

        >>> from convcore.optimizers import AdamW
        >>> AdamW().exclude_from_weight_decay(var_names=["bias"])
        """
        names = list(var_names or ())
        pattern = re.compile("|".join(sorted(set(names)))) if names else None
        self._undecayed = frozenset(id(variable) for variable in var_list or ()), pattern
        self.decay_version += 1

    @property
    def decays_apart(self) -> bool:
        """Whether some variables decay and some do not."""
        identities, pattern = self._undecayed
        return self.weight_decay is not None and (bool(identities) or pattern is not None)

    def decays(self, variable: Any) -> bool:
        """Whether weight decay is for `variable`."""
        identities, pattern = self._undecayed
        return id(variable) not in identities and (pattern is None or pattern.search(variable.name) is None)

    # ------------------------------------------------------------------------------------------------ gradients

    def bind(self, variables: Sequence[Any]) -> None:
        """Make `variables` the ones that `apply` changes."""
        from convcore.program.update import Update

        self._variables = list(variables)
        self._twins = [Variable(np.asarray(v), name=getattr(v, "name", "variable")) for v in variables]
        for twin, variable in zip(self._twins, variables, strict=True):
            twin.constraint = getattr(variable, "constraint", None)
        self._update = Update(FlatParameters(self._twins), self, identities=self._variables)  # type: ignore[arg-type]

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> np.int64:
        """One step on pairs of a gradient and its variable; returns the number of calls so far.

        >>> from convcore.optimizers import SGD
        >>> w = Variable([1.0, 2.0], name="w")
        >>> SGD(0.5).apply_gradients([([1.0, 6.0], w)])
        np.int64(1)
        >>> w.numpy()
        array([ 0.5, -1. ], dtype=float32)
        """
        grads, variables = zip(*grads_and_vars, strict=True)
        self.apply(grads, variables)
        return np.int64(self.batches)

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """One step on the gradients of `trainable_variables`, or of those that the optimizer was built with.

        A gradient that is None leaves its variable as it is. ParameterError for a variable that the optimizer was not
        built with, ShapeError for a gradient of another shape.
        """
        grads = list(grads)
        if not grads:
            return
        if trainable_variables is None and self._update is None:
            raise ParameterError(
                "When passing `grads` without `variables`, the optimizer must already be built on a list of variables. "
                "Call `optimizer.build(trainable_variables)` first."
            )
        variables = self._variables if trainable_variables is None else list(trainable_variables)
        if self._update is None:
            self.build(variables)
        if len(grads) != len(variables):
            raise ParameterError(f"Expected one gradient a variable: got {len(grads)} gradients of {len(variables)}.")
        self._step(self._gradients_by_place(grads, variables))

    def _gradients_by_place(self, grads: list[Any], variables: list[Any]) -> dict[int, Array]:
        """The gradients that there are, by the place of their variable."""
        known = {id(variable): place for place, variable in enumerate(self._variables)}
        found: dict[int, Array] = {}
        without = []
        for gradient, variable in zip(grads, variables, strict=True):
            if id(variable) not in known:
                raise ParameterError(
                    f"Unknown variable: {variable}. This optimizer can only be called for the variables it was "
                    "originally built with. When working with a new set of variables, you should recreate a new "
                    "optimizer instance."
                )
            if gradient is None:
                without.append(variable.name)
                continue
            array = np.asarray(gradient, dtype=np.float32)
            if array.shape != tuple(variable.shape):
                raise ShapeError(f"The gradient of {variable.name} has shape {array.shape}, not {variable.shape}.")
            found[known[id(variable)]] = array
        if not found:
            raise ParameterError("No gradients provided for any variable.")
        if without:
            warnings.warn(
                f"Gradients do not exist for variables {without} when minimizing the loss.", UserWarning, stacklevel=4
            )
        return found

    def _step(self, gradients: dict[int, Array]) -> None:
        if self._update is None:
            raise ParameterError("The optimizer is not built. Call `optimizer.build(trainable_variables)` first.")
        for place, (twin, variable) in enumerate(zip(self._twins, self._variables, strict=True)):
            twin.assign(np.asarray(variable))
            twin.trainable = place in gradients
            if twin.trainable:
                twin.grad[...] = gradients[place]
        self._update.run_alone()
        for place in gradients:
            self._variables[place].assign(self._twins[place].value)

    def finalize_variable_values(self, var_list: Iterable[Any]) -> None:
        """Set `var_list`, if there are averages of weights, to those."""
        if self.use_ema:
            average = self.slots[self.slot_names.index("average")]
            for variable in var_list:
                variable.assign(average[self.places[id(variable)]].reshape(variable.shape))

    def _clip_gradients(self, grads: Sequence[Any]) -> list[Any]:
        """`grads` as a step would clip them."""
        from convcore.program.update import Update

        twins = [Variable(np.zeros(np.shape(gradient)), name="gradient") for gradient in grads]
        flat = FlatParameters(twins)
        for twin, gradient in zip(twins, grads, strict=True):
            twin.grad[...] = gradient
        Update(flat, self).clip_alone()  # type: ignore[arg-type]
        return [twin.grad for twin in twins]
