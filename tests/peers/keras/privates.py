"""Private names of Keras that its tests read, made of what convcore's objects hold."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np

import convcore
from convcore.models.model import Model
from convcore.optimizers import Optimizer

__all__ = ["adapt"]


def _slot(optimizer: Any, name: str) -> list[Any]:
    """A flat slot of `optimizer` as arrays of the shapes of its variables."""
    slot, places = optimizer.slots[optimizer.slot_names.index(name)], optimizer.places
    variables = optimizer._variables or [
        each for each in gc.get_objects() if isinstance(each, convcore.Variable) and id(each) in places
    ]
    if name == "gradient_accumulator" and optimizer.batches % optimizer.gradient_accumulation_steps == 0:
        slot = np.zeros_like(slot)  # what a step has used up is overwritten by the next batch
    return [convcore.Variable(slot[places[id(v)]].reshape(v.shape)) for v in variables]


def _functional(model: Any) -> Any:
    return convcore.models.Functional(model.inputs, model.outputs) if model.built else None


def adapt() -> None:
    """Give convcore's classes the private attributes."""
    Optimizer._model_variables_moving_average = property(lambda self: _slot(self, "average"))
    Optimizer._accumulated_gradients = property(lambda self: _slot(self, "gradient_accumulator"))
    Optimizer._iterations = property(lambda self: self.batches)
    Model._functional = property(_functional)
