"""A strict reader of ``mnist.npz``, the archive in which Keras passes MNIST around.

It is a zip file of four ``.npy`` members. As with IDX, no size is believed before it was compared with the file.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from convcore.datasets.folder import Arrays, check
from convcore.datasets.regular import open_regular
from convcore.errors import DataFileError
from convcore.memory import require_memory

__all__ = ["read_npz"]

MAX_INFLATION = 1032  # deflate cannot do better


def read_npz(path: Path) -> tuple[Arrays, Arrays]:
    """Read ``(x_train, y_train), (x_test, y_test)``: images uint8 (n, h, w), labels uint8 (n,) of 0 to 9.

    Raises:
        DataFileError: The archive is damaged, or lacks one of the four arrays, or one is not of uint8.
        OSError: The file cannot be read.
        ShapeError, LabelError: As `convcore.datasets.folder.check` says.
    """
    names = ("x_train", "y_train", "x_test", "y_test")
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            arrays = [_member(archive, path, name) for name in names]
    except DataFileError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise DataFileError(f"{path}: not a readable npz file ({error}).") from None
    train, test = (arrays[0], arrays[1]), (arrays[2], arrays[3])
    check(train, test, [f"{name} of {path}" for name in names])
    return train, test


def _member(archive: zipfile.ZipFile, path: Path, name: str) -> npt.NDArray[np.uint8]:
    try:
        info = archive.getinfo(f"{name}.npy")
    except KeyError:
        raise DataFileError(f"{path}: there is no array {name} in it.") from None
    where = f"{path}: {name} (byte offset {info.header_offset})"
    if info.file_size > MAX_INFLATION * path.stat().st_size:
        raise DataFileError(f"{where}: the archive cannot hold the {info.file_size} bytes it states.")
    require_memory(2 * info.file_size, where)
    with archive.open(info) as stream:
        version = npy.read_magic(stream)
        reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = reader(stream)
        rank = 3 if name.startswith("x") else 1
        if dtype != np.uint8 or len(shape) != rank or (fortran and rank > 1):
            raise DataFileError(
                f"{where}: has dtype {dtype} and shape {shape}; expected is uint8 with {rank} dimensions."
            )
        count = math.prod(shape)
        if stream.tell() + count != info.file_size:
            raise DataFileError(f"{where}: shape {shape} does not fit {info.file_size} bytes.")
        data = stream.read(count + 1)  # one more byte than there is, so that the CRC-32 is checked
    if len(data) != count:
        raise DataFileError(f"{where}: {len(data)} bytes where {count} are expected.")
    return np.frombuffer(bytearray(data), np.uint8).reshape(shape)
