"""Labelled images from a folder with the four IDX files of the MNIST family."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from convcore.datasets.idx import read_idx
from convcore.errors import LabelError, ShapeError

__all__ = ["FILE_NAMES", "Arrays", "check", "find_files", "identify", "read_folder"]

Arrays = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]

FILE_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
CLASSES = 10

# The files of all sets of the family have the same names: the SHA-256 of the test labels tells them apart.
TEST_LABELS = {
    "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5": "mnist",
    "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9": "fashion_mnist",
}


def find_files(folder: Path) -> dict[str, Path]:
    """Those of the four files that are in `folder`, by their plain names, in the forms in which they are passed around.

    Raises:
        OSError: `folder` is missing, is not a directory, or may not be listed.
    """
    try:
        present = set(os.listdir(folder))
    except ValueError as error:  # a NUL or a character that no file name can have
        raise OSError(errno.EINVAL, f"Not a possible folder name ({error})", os.fspath(folder)) from None
    found = {}
    for name in FILE_NAMES:
        dotted = name.replace("-idx", ".idx")
        for form in (name, f"{name}.gz", dotted, f"{dotted}.gz"):
            if form in present:
                found[name] = folder / form
                break
    return found


def read_folder(folder: Path) -> tuple[Arrays, Arrays]:
    """Read ``(x_train, y_train), (x_test, y_test)``: images uint8 (n, h, w), labels uint8 (n,) of 0 to 9.

    Raises:
        DataFileError: A file is damaged, or images lie where labels should or the other way round.
        OSError: The folder cannot be read, or one of the four files is missing.
        ShapeError, LabelError: As `check` says.
    """
    files = find_files(folder)
    for name in FILE_NAMES:
        if name not in files:
            raise FileNotFoundError(errno.ENOENT, "No such file, plain or with .gz", os.fspath(folder / name))
    paths = [files[name] for name in FILE_NAMES]
    arrays = [read_idx(path, dimensions=3 if "-images" in path.name else 1) for path in paths]
    train, test = (arrays[0], arrays[1]), (arrays[2], arrays[3])
    check(train, test, [str(path) for path in paths])
    return train, test


def check(train: Arrays, test: Arrays, names: Sequence[str]) -> None:
    """Check that images and labels fit each other; `names` says where the four arrays are from.

    Raises:
        ShapeError: The numbers of images and labels differ, or train and test images are not of one size.
        LabelError: A label is above 9.
    """
    for (images, labels), image_name, label_name in ((train, names[0], names[1]), (test, names[2], names[3])):
        if len(images) != len(labels):
            raise ShapeError(f"{image_name} has {len(images)} images, {label_name} has {len(labels)} labels.")
        wrong = np.flatnonzero(labels >= CLASSES)
        if wrong.size:
            position = int(wrong[0])
            raise LabelError(
                f"{label_name}: the label of image {position} is {labels[position]}; allowed are 0 to {CLASSES - 1}"
                f" ({wrong.size} of {labels.size} labels are wrong)."
            )
    if train[0].shape[1:] != test[0].shape[1:]:
        sizes = f"{train[0].shape[1:]} in {names[0]} and {test[0].shape[1:]} in {names[2]}"
        raise ShapeError(f"Images for training and test must be of one size, they are {sizes}.")


def identify(test_labels: npt.NDArray[np.uint8]) -> str | None:
    """The name of the published set that has these test labels; None where it is another one."""
    return TEST_LABELS.get(hashlib.sha256(test_labels.tobytes()).hexdigest())
