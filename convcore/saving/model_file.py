"""Files with a whole model: layers, weights, and what training needs to go on."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convcore.checks import flag
from convcore.errors import ConvcoreError, ModelFileError, NotSupportedError, StateError
from convcore.layers.registry import deserialize, serialize
from convcore.layers.weights import provided_values
from convcore.saving.container import pack, unpack
from convcore.saving.files import check_target, path_text, read_regular, write_atomically
from convcore.saving.seeds import describe_seeds, restore_seeds
from convcore.saving.variables import describe, named_variables, saved_variables

if TYPE_CHECKING:
    from convcore.layers.base import Layer
    from convcore.models import Model

__all__ = ["load_model", "save_model"]

FloatArray = npt.NDArray[np.float32]

_SLOT = "optimizer/"
# What a hostile configuration can make the constructors raise besides their own errors.
_FAULTS = (ConvcoreError, TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)


def save_model(
    model: Model,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    zipped: bool | None = None,
    *,
    include_optimizer: bool = True,
    save_format: str | None = None,
) -> None:
    """Write a model, its compile arguments and its optimizer's state to the file `filepath`, atomically.

    Loaded again, training goes on bit for bit, with the random numbers that its layers would have drawn. Any extension
    is taken (``.safetensors`` is the natural one); the content is convcore's own safetensors format, whatever the
    `save_format` of older scripts says. Without `include_optimizer` the file is that of a model that is not compiled.
    CheckpointError if the file cannot be written, or exists and `overwrite` is False.
    """
    path = path_text(filepath)
    if zipped is not None and not zipped:
        raise NotSupportedError("convcore does not implement zipped=False of save_model (supported: one file)")
    check_target(path, overwrite)
    if not model.built:
        raise StateError(
            f"Model '{model.name}' is not built yet, so it has no weights to save: build it first, for example with an "
            "Input layer or model.build(input_shape)."
        )
    named = named_variables(model)
    tensors = {name: variable.value for name, variable in named.items()}
    config: dict[str, Any] = {"kind": "model", "model": serialize(model), "variables": describe(named)}
    compiled = model.get_compile_config() if flag("include_optimizer", include_optimizer) else None
    if compiled is not None:
        config["compile"] = compiled
    config["seeds"] = describe_seeds(model)
    optimizer = model.optimizer
    if optimizer is not None and include_optimizer:
        state = optimizer.get_state()
        config["iterations"] = int(state.pop("iterations"))
        tensors.update({_SLOT + name: slot for name, slot in state.items()})
    write_atomically(path, pack(config, tensors), overwrite)


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, type[Layer]] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Model:
    """The model in the file `filepath`, written by `save_model`.

    `custom_objects` maps the class names of layers of one's own to the classes; no name from the file is ever
    imported. With ``compile=False`` the model is not compiled. `safe_mode` changes nothing: no file can run code.
    ModelFileError if the file is damaged, of another version or not a model; FileNotFoundError if it is missing.
    """
    path = path_text(filepath)
    config, tensors = unpack(read_regular(path), path)
    if config.get("kind") != "model":
        raise ModelFileError(f"{path}: it holds only weights. Make the model and use model.load_weights(path).")
    unknown = sorted(set(config) - {"kind", "model", "variables", "compile", "iterations", "seeds"})
    if unknown:
        raise ModelFileError(f"{path}: unknown entries {unknown!r:.200}.")
    values = saved_variables(config, tensors, path)
    slots = {name.removeprefix(_SLOT): tensor for name, tensor in tensors.items() if name not in values}
    if any(_SLOT + name not in tensors for name in slots):
        raise ModelFileError(f"{path}: unknown tensors {sorted(set(tensors) - set(values))!r:.200}.")
    try:
        model = _rebuild(config["model"], custom_objects, values, path)
        restore_seeds(model, config.get("seeds"))
        if compile and config.get("compile") is not None:
            _recompile(model, config, slots)
    except ModelFileError as error:
        raise ModelFileError(str(error) if path in str(error) else f"{path}: {error}") from error
    except _FAULTS as error:
        raise ModelFileError(f"{path}: its configuration is not that of a model: {error}") from error
    return model


def _rebuild(
    config: Any, custom_objects: Mapping[str, type[Layer]] | None, values: dict[str, FloatArray], path: str
) -> Model:
    from convcore.models import Model

    left = sum(value.size for value in values.values())

    def zeros(name: str, shape: tuple[int, ...]) -> FloatArray:
        # A configuration cannot make the loader allocate more than the file's own size.
        nonlocal left
        left -= math.prod(shape)
        if left < 0:
            raise ModelFileError(f"{path}: its layers have more weights than it holds, at {name!r} with shape {shape}.")
        return np.zeros(shape, dtype=np.float32)

    with provided_values(zeros):
        model = deserialize(config, custom_objects)
    if not isinstance(model, Model) or not model.built:
        raise ModelFileError(f"{path}: its configuration is not that of a built model.")
    named = named_variables(model)
    for name, variable in named.items():
        if name not in values:
            raise ModelFileError(f"{path}: the variable {name!r} with shape {variable.shape} is missing.")
        if values[name].shape != variable.shape:
            raise ModelFileError(
                f"{path}: the variable {name!r} has shape {values[name].shape}; its layers need {variable.shape}."
            )
    surplus = [name for name in values if name not in named]
    if surplus:
        raise ModelFileError(f"{path}: its layers have no variable {surplus[0]!r}.")
    for name, variable in named.items():
        variable.assign(values[name])
    return model


def _recompile(model: Model, config: dict[str, Any], slots: dict[str, FloatArray]) -> None:
    model.compile_from_config(config["compile"])
    optimizer = model.optimizer
    if optimizer is None:
        return
    iterations = config.get("iterations", 0)
    if isinstance(iterations, bool) or not isinstance(iterations, int) or not 0 <= iterations < 2**62:
        raise ModelFileError(f"the number of optimizer steps is {iterations!r:.200}")
    size = sum(variable.size for variable in model.weights)
    wrong = [name for name, slot in slots.items() if slot.shape != (size,)]
    if wrong:
        raise ModelFileError(f"the optimizer's {wrong[0]!r} has shape {slots[wrong[0]].shape}; expected ({size},)")
    optimizer.set_state({"iterations": np.array(iterations, dtype=np.int64), **slots})
