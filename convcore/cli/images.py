"""Grey images from files: NumPy arrays, IDX, binary PGM, and with Pillow all that it reads."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from convcore.datasets.idx import read_idx
from convcore.datasets.regular import open_regular
from convcore.errors import DataFileError, DTypeError, ShapeError

__all__ = ["read_images"]

NPY_MAGIC = b"\x93NUMPY"
PGM_HEADER = re.compile(rb"P5(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,5})\s")


def read_images(name: str) -> npt.NDArray[np.uint8]:
    """The images in a file: uint8 (n, h, w), of 0 (black) to 255 (white). The kind is told by the content.

    Raises:
        DataFileError: The file is damaged, or of a kind that cannot be read; the message names the path.
        DTypeError: An array is not of uint8.
        ShapeError: An array is neither one image nor a row of images.
        OSError: The file cannot be read.
    """
    path = Path(name)
    with open_regular(path) as file:
        start = file.read(8)
    if start.startswith(NPY_MAGIC):
        return _read_npy(path)
    if start.startswith((b"\x1f\x8b", b"\0\0")):
        return _as_images(path, read_idx(path))
    if start.startswith(b"P5"):
        return _read_pgm(path)
    return _read_with_pillow(path)


def _as_images(path: Path, array: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim == 2:
        array = array[np.newaxis]
    if array.ndim != 3:
        raise ShapeError(f"{path}: shape {array.shape} is neither (h, w) nor (n, h, w) nor (n, h, w, 1).")
    return array


def _read_npy(path: Path) -> npt.NDArray[np.uint8]:
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            version = npy.read_magic(file)
            reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, fortran, dtype = reader(file)
        except ValueError as error:
            raise DataFileError(f"{path}: not a readable .npy file ({' '.join(str(error).split())}).") from None
        if dtype != np.uint8:
            raise DTypeError(f"{path}: dtype {dtype} is not uint8; images are of pixels from 0 to 255.")
        start = file.tell()
        if start + math.prod(shape) != size:
            wanted = start + math.prod(shape)
            raise DataFileError(
                f"{path}: shape {shape} means {wanted} bytes, the file has {size} (byte offset {start})."
            )
        flat = np.fromfile(file, np.uint8)
    return _as_images(path, flat.reshape(shape, order="F" if fortran else "C"))


def _read_pgm(path: Path) -> npt.NDArray[np.uint8]:
    data = path.read_bytes()
    header = PGM_HEADER.match(data)
    if header is None:
        raise DataFileError(f"{path}: the PGM header is damaged (byte offset 0).")
    width, height, most = (int(number) for number in header.groups())
    if not 1 <= most <= 255 or width < 1 or height < 1:
        raise DataFileError(f"{path}: a PGM image of {width}x{height} pixels up to {most} is not supported.")
    if len(data) != header.end() + width * height:
        what = f"{width}x{height} pixels mean {header.end() + width * height} bytes, the file has {len(data)}"
        raise DataFileError(f"{path}: {what} (byte offset {header.end()}).")
    pixels = np.frombuffer(data, np.uint8, offset=header.end()).reshape(1, height, width)
    if most == 255:
        return pixels
    return (np.minimum(pixels, most).astype(np.uint16) * 255 // most).astype(np.uint8)


def _read_with_pillow(path: Path) -> npt.NDArray[np.uint8]:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        kinds = ".npy, IDX and binary PGM are read without it"
        raise DataFileError(
            f"{path}: this kind of file needs Pillow (pip install 'convcore[plot]'); {kinds}."
        ) from None
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"), np.uint8)[np.newaxis]
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise DataFileError(f"{path}: Pillow cannot read it ({' '.join(str(error).split())}).") from None
