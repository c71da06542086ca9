"""Files with weights only."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convcore.errors import ModelFileError, StateError
from convcore.saving.container import pack, unpack
from convcore.saving.files import path_text, read_regular, write_atomically
from convcore.saving.variables import describe, named_variables, saved_variables

if TYPE_CHECKING:
    from convcore.models import Model
    from convcore.variables import Variable

__all__ = ["load_weights", "save_weights"]

FloatArray = npt.NDArray[np.float32]


def save_weights(model: Model, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write the weights of a built model to the file `filepath`, atomically; CheckpointError if that fails."""
    path = path_text(filepath)
    if not model.built:
        raise StateError(f"Model '{model.name}' is not built yet, so it has no weights to save.")
    named = named_variables(model)
    config = {"kind": "weights", "variables": describe(named)}
    write_atomically(path, pack(config, {name: variable.value for name, variable in named.items()}), overwrite)


def load_weights(model: Model, filepath: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
    """Read weights from `filepath`, a file of `save_weights` or of `save_model`, into a built model.

    The variables are matched by their order; names may differ. If one does not fit, a ModelFileError names it and
    nothing is changed, or, with `skip_mismatch`, a warning does and it keeps its value.
    """
    path = path_text(filepath)
    if not model.built:
        raise StateError(
            f"You are loading weights into the model '{model.name}', which is not built yet: build it first, for "
            "example with an Input layer or model.build(input_shape)."
        )
    config, tensors = unpack(read_regular(path), path)
    values = saved_variables(config, tensors, path)
    named = named_variables(model)
    pairs = []
    for (name, variable), (saved, value) in zip(named.items(), values.items(), strict=False):
        if variable.shape == value.shape:
            pairs.append((variable, value))
            continue
        fault = (
            f"{path}: the variable {name!r} of the model '{model.name}' has shape {variable.shape}, but the file's "
            f"{saved!r} has shape {value.shape}"
        )
        _mismatch(fault, skip_mismatch)
    if len(named) != len(values):
        _mismatch(_count_fault(path, model, named, values), skip_mismatch)
    for variable, value in pairs:
        variable.assign(value)


def _count_fault(path: str, model: Model, named: dict[str, Variable], values: dict[str, Any]) -> str:
    fewer = len(values) < len(named)
    first = list(named)[len(values)] if fewer else list(values)[len(named)]
    return (
        f"{path}: it has {len(values)} variables, but the model '{model.name}' has {len(named)}: "
        f"{first!r} is {'missing' if fewer else 'too many'}"
    )


def _mismatch(fault: str, skip: bool) -> None:
    if not skip:
        raise ModelFileError(f"{fault}. Nothing was loaded.")
    warnings.warn(f"{fault}. It was skipped.", UserWarning, stacklevel=4)
