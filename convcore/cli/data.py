"""The data that a command asks for by name, always together with the name of what was really loaded."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from convcore.cli.arguments import UsageError
from convcore.datasets import digits, fashion_mnist, mnist
from convcore.datasets.folder import Arrays, identify, read_folder
from convcore.errors import DatasetUnavailableError, ShapeError

if TYPE_CHECKING:
    from convcore.models import Model

__all__ = ["Dataset", "load", "pixels_for"]

LOADERS: dict[str, Callable[[], tuple[Arrays, Arrays]]] = {
    "mnist": mnist.load_data,
    "fashion_mnist": fashion_mnist.load_data,
    "digits": digits.load_data,
}


class Dataset(NamedTuple):
    """Images and labels for training and testing, and their name."""

    name: str
    train: Arrays
    test: Arrays


def load(wanted: str | None) -> Dataset:
    """The data set `wanted`: one of LOADERS or a folder; None is MNIST, or where it cannot be had the drawn digits.

    The name is that of the set in LOADERS, also for a folder that holds MNIST or Fashion-MNIST; else the folder's.
    """
    if wanted in LOADERS:
        return Dataset(wanted, *LOADERS[wanted]())
    if wanted is not None:
        if not os.path.isdir(wanted):
            raise UsageError(f"--data {wanted!r} is neither one of {', '.join(LOADERS)} nor a folder")
        train, test = read_folder(Path(wanted))
        return Dataset(identify(test[1]) or os.path.abspath(wanted), train, test)
    try:
        return Dataset("mnist", *mnist.load_data())
    except DatasetUnavailableError as error:
        print(f"{error} Using digits, drawn by convcore, instead: no result on them is one on MNIST.", flush=True)
        return Dataset("digits", *digits.load_data())


def pixels_for(model: Model, images: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    """`images` (n, h, w) of 0 to 255 in the shape and range that `model` takes.

    A model that begins with a Rescaling takes the bytes, as those of ``convcore train`` do; any other is taken to have
    learnt from pixels of 0 to 1, as in the tutorials.
    """
    shape = tuple(model.input_shape[1:])
    if shape not in {images.shape[1:], (*images.shape[1:], 1)}:
        raise ShapeError(f"The model takes images of shape {shape}; these have {images.shape[1:]}.")
    shaped = images.reshape(len(images), *shape)
    first = next((layer for layer in model.layers if type(layer).__name__ != "InputLayer"), None)
    if type(first).__name__ == "Rescaling":
        return shaped
    return shaped.astype(np.float32) / np.float32(255)
