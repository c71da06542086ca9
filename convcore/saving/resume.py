"""Putting a compiled model back to where a file of it stands in its training."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from convcore.errors import ModelFileError, StateError
from convcore.saving.container import unpack
from convcore.saving.files import path_text, read_regular
from convcore.saving.model_file import _SLOT
from convcore.saving.seeds import restore_seeds
from convcore.saving.weights_file import load_weights

if TYPE_CHECKING:
    from convcore.models import Model

__all__ = ["resume_training"]


def resume_training(model: Model, filepath: str | os.PathLike[str]) -> None:
    """Give a compiled `model` the weights, the optimizer's state and learning rate, and the seeds of the file
    `filepath` of a model of the same layers: training then goes on as it would have there.

    ModelFileError if the file is damaged or of another model, FileNotFoundError if it is missing.
    """
    path = path_text(filepath)
    compiled = model._compiled
    if compiled is None:
        raise StateError("You must call `compile()` before a training goes on from a file.")
    config, tensors = unpack(read_regular(path), path)
    saved = config.get("compile")
    iterations = config.get("iterations")
    if config.get("kind") != "model" or not isinstance(saved, dict) or not isinstance(iterations, int):
        raise ModelFileError(f"{path}: not the file of a compiled model.")
    load_weights(model, path)
    try:
        restore_seeds(model, config.get("seeds"), by_position=True)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
    model._invalidate()  # the program of before has the seeds of before
    optimizer = compiled.optimizer
    slots = {name.removeprefix(_SLOT): value for name, value in tensors.items() if name.startswith(_SLOT)}
    optimizer.set_state({"iterations": np.array(iterations, dtype=np.int64), **slots})
    rate = saved.get("optimizer", {}).get("config", {}).get("learning_rate")
    if isinstance(rate, float):
        optimizer.learning_rate = rate
    seed = saved.get("shuffle_seed")
    compiled.drawn_seed = seed if isinstance(seed, int) and seed >= 0 else None
