"""Small IDX files for the tests of the readers."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

FILES = {
    "train-images-idx3-ubyte": ("train", "images"),
    "train-labels-idx1-ubyte": ("train", "labels"),
    "t10k-images-idx3-ubyte": ("test", "images"),
    "t10k-labels-idx1-ubyte": ("test", "labels"),
}


def header(*shape: int, code: int = 0x08, rank: int | None = None) -> bytes:
    rank = len(shape) if rank is None else rank
    return bytes([0, 0, code, rank]) + b"".join(length.to_bytes(4, "big") for length in shape)


def idx(array: npt.NDArray[np.uint8]) -> bytes:
    return header(*array.shape) + array.tobytes()


def gz(data: bytes, *, crc: int | None = None, size: int | None = None) -> bytes:
    """gzip `data` by hand, with a trailer that may lie."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    crc = zlib.crc32(data) if crc is None else crc
    size = len(data) % 2**32 if size is None else size
    body = deflate.compress(data) + deflate.flush()
    return bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3]) + body + crc.to_bytes(4, "little") + size.to_bytes(4, "little")


def collection(folder: Path, *, train: int = 60, test: int = 20, zipped: bool = False, seed: int = 0) -> Path:
    """Write the four files of a small collection of random images into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.Generator(np.random.PCG64(seed))
    for name, (part, kind) in FILES.items():
        count = train if part == "train" else test
        if kind == "images":
            array = rng.integers(0, 256, (count, 28, 28)).astype(np.uint8)
        else:
            array = (np.arange(count) % 10).astype(np.uint8)
        data = idx(array)
        if zipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(data))
        else:
            (folder / name).write_bytes(data)
    return folder


def counts(data: tuple[tuple[npt.NDArray[np.uint8], ...], ...]) -> tuple[int, ...]:
    """The lengths of the four arrays that `load_data` returns."""
    return tuple(len(array) for part in data for array in part)
