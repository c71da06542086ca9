"""Images for `convcore predict`."""

from __future__ import annotations

import gzip
import os
import sys

import numpy as np
import pytest

from convcore.cli.images import read_images
from convcore.errors import DataFileError, DTypeError, ShapeError
from tests.datasets.files import idx

IMAGES = np.random.Generator(np.random.PCG64(3)).integers(0, 256, (4, 6, 5)).astype(np.uint8)


@pytest.mark.parametrize(
    ("array", "wanted"),
    [
        (IMAGES, IMAGES),
        (IMAGES[0], IMAGES[:1]),
        (IMAGES[..., np.newaxis], IMAGES),
        (np.asfortranarray(IMAGES), IMAGES),
        (IMAGES[:0], IMAGES[:0]),
    ],
)
def test_npy(tmp_path, array, wanted):
    np.save(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(read_images(str(tmp_path / "a.npy")), wanted)


def test_idx(tmp_path):
    (tmp_path / "a").write_bytes(idx(IMAGES))
    (tmp_path / "b").write_bytes(gzip.compress(idx(IMAGES)))
    for name in "ab":
        np.testing.assert_array_equal(read_images(str(tmp_path / name)), IMAGES)


def test_pgm(tmp_path):
    path = tmp_path / "a.pgm"
    path.write_bytes(b"P5 # a comment\n5 6\n255\n" + IMAGES[0].tobytes())
    np.testing.assert_array_equal(read_images(str(path)), IMAGES[:1])
    path.write_bytes(b"P5\n2 1\n15\n" + bytes([0, 15]))
    np.testing.assert_array_equal(read_images(str(path)), [[[0, 255]]])


@pytest.mark.parametrize(
    "data",
    [
        b"P5",
        b"P5 5 6 255",
        b"P5\n5 6\n255\n" + bytes(29),
        b"P5\n5 6\n255\n" + bytes(31),
        b"P5\n5 6\n65535\n" + bytes(60),
        b"P5\n0 6\n255\n",
        b"P5\n999999999 999999999\n255\n",
    ],
)
def test_damaged_pgm(tmp_path, data):
    (tmp_path / "a.pgm").write_bytes(data)
    with pytest.raises(DataFileError, match=r"a\.pgm"):
        read_images(str(tmp_path / "a.pgm"))


def test_damaged_npy(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, IMAGES)
    whole = path.read_bytes()
    for size in (7, 20, 100, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(DataFileError, match=r"a\.npy"):
            read_images(str(path))
    path.write_bytes(whole + b"\0")
    with pytest.raises(DataFileError, match="byte offset"):
        read_images(str(path))
    path.write_bytes(whole.replace(b"(4, 6, 5)", b"(4, 9**9)"))
    with pytest.raises(DataFileError, match=r"a\.npy"):
        read_images(str(path))


def test_arrays_of_other_kinds(tmp_path):
    np.save(tmp_path / "f.npy", np.zeros((6, 5)))
    with pytest.raises(DTypeError, match="float64 is not uint8"):
        read_images(str(tmp_path / "f.npy"))
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DTypeError, match="object"):
        read_images(str(tmp_path / "o.npy"))
    np.save(tmp_path / "s.npy", np.zeros(5, np.uint8))
    with pytest.raises(ShapeError, match="neither"):
        read_images(str(tmp_path / "s.npy"))


def test_pillow(tmp_path):
    image = pytest.importorskip("PIL.Image")
    image.fromarray(IMAGES[0]).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_images(str(tmp_path / "a.png")), IMAGES[:1])
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:40])
    with pytest.raises(DataFileError, match="Pillow cannot read it"):
        read_images(str(tmp_path / "a.png"))
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(DataFileError, match="Pillow cannot read it"):
        read_images(str(tmp_path / "a.txt"))


def test_without_pillow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataFileError, match=r"pip install 'convcore\[plot\]'"):
        read_images(str(tmp_path / "a.png"))


def test_paths(tmp_path):
    with pytest.raises(FileNotFoundError, match="none"):
        read_images(str(tmp_path / "none"))
    with pytest.raises(IsADirectoryError):
        read_images(str(tmp_path))
    with pytest.raises(OSError, match="regular"):
        read_images(os.devnull)
