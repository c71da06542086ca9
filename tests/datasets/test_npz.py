"""The strict reader of Keras's mnist.npz."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from convcore.datasets import mnist
from convcore.datasets.npz import read_npz
from convcore.errors import DataFileError, LabelError, ShapeError


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.Generator(np.random.PCG64(2))
    return {
        "x_train": rng.integers(0, 256, (30, 28, 28)).astype(np.uint8),
        "y_train": np.arange(30, dtype=np.uint8) % 10,
        "x_test": rng.integers(0, 256, (10, 28, 28)).astype(np.uint8),
        "y_test": np.arange(10, dtype=np.uint8),
    }


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_reads_what_numpy_wrote(tmp_path, save):
    wanted = arrays()
    path = tmp_path / "mnist.npz"
    save(path, **wanted)
    (x_train, y_train), (x_test, y_test) = mnist.load_data(path)
    for name, got in zip(("x_train", "y_train", "x_test", "y_test"), (x_train, y_train, x_test, y_test), strict=True):
        np.testing.assert_array_equal(got, wanted[name])
        assert got.flags.writeable


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_cut_and_damaged(tmp_path, save):
    buffer = io.BytesIO()
    save(buffer, **arrays())
    whole = buffer.getvalue()
    path = tmp_path / "mnist.npz"
    for percent in range(0, 100, 5):
        path.write_bytes(whole[: len(whole) * percent // 100])
        with pytest.raises(DataFileError, match=r"mnist\.npz"):
            read_npz(path)
    middle = bytearray(whole)
    middle[len(whole) // 3] ^= 0x10
    path.write_bytes(bytes(middle))
    with pytest.raises(DataFileError, match=r"mnist\.npz"):
        read_npz(path)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"x_train": None}, DataFileError),
        ({"y_test": np.array([{}] * 10, dtype=object)}, DataFileError),
        ({"x_test": np.zeros((10, 28, 28), np.float32)}, DataFileError),
        ({"x_test": np.zeros((10, 784), np.uint8)}, DataFileError),
        ({"y_test": np.full(10, 10, np.uint8)}, LabelError),
        ({"y_test": np.zeros(9, np.uint8)}, ShapeError),
    ],
)
def test_wrong_arrays(tmp_path, change, error):
    path = tmp_path / "mnist.npz"
    np.savez(path, **{name: array for name, array in (arrays() | change).items() if array is not None})
    with pytest.raises(error):
        read_npz(path)


def test_headers_that_lie(tmp_path):
    path = tmp_path / "mnist.npz"
    np.savez(path, **arrays())
    for shape in ("(2147483647, 28, 28)", "(0, 28, 28)", "(30, 28, 27)"):
        header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
        header += " " * (63 - (len(header) + 10) % 64) + "\n"
        member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(23520)
        with zipfile.ZipFile(path) as old:
            members = {name: old.read(name) for name in old.namelist()}
        with zipfile.ZipFile(path, "w") as new:
            for name, data in (members | {"x_train.npy": member}).items():
                new.writestr(name, data)
        with pytest.raises(DataFileError, match="does not fit"):
            read_npz(path)


def test_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        read_npz(tmp_path / "none.npz")
