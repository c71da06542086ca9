"""Four IDX files in a folder: what is missing or does not fit is named."""

from __future__ import annotations

import numpy as np
import pytest

from convcore.datasets import mnist
from convcore.errors import DataFileError, LabelError, ShapeError
from tests.datasets.files import FILES, collection, counts, idx


def test_dotted_names(tmp_path):
    where = collection(tmp_path / "data")
    for name in FILES:
        (where / name).rename(where / name.replace("-idx", ".idx"))
    assert counts(mnist.load_data(where)) == (60, 60, 20, 20)


def test_a_missing_file_is_named(tmp_path):
    where = collection(tmp_path / "data")
    (where / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match="t10k-labels-idx1-ubyte"):
        mnist.load_data(where)


@pytest.mark.parametrize("label", [10, 255])
def test_labels_above_nine(tmp_path, label):
    where = collection(tmp_path / "data")
    labels = np.arange(60, dtype=np.uint8) % 10
    labels[[17, 40]] = label
    (where / "train-labels-idx1-ubyte").write_bytes(idx(labels))
    with pytest.raises(LabelError, match=rf"image 17 is {label}; allowed are 0 to 9 \(2 of 60"):
        mnist.load_data(where)


def test_counts_and_sizes_that_differ(tmp_path):
    where = collection(tmp_path / "data")
    (where / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(19, np.uint8)))
    with pytest.raises(ShapeError, match=r"20 images, .* 19 labels"):
        mnist.load_data(where)
    (where / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(20, np.uint8)))
    (where / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((20, 28, 27), np.uint8)))
    with pytest.raises(ShapeError, match="one size"):
        mnist.load_data(where)


def test_images_and_labels_swapped(tmp_path):
    where = collection(tmp_path / "data")
    (where / "train-images-idx3-ubyte").write_bytes(idx(np.zeros(60, np.uint8)))
    with pytest.raises(DataFileError, match=r"train-images.*1 dimensions where 3"):
        mnist.load_data(where)


def test_impossible_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="no-such"):
        mnist.load_data(tmp_path / "no-such")
    with pytest.raises(OSError, match="x00"):
        mnist.load_data("no\0such")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError, match="file"):
        mnist.load_data(tmp_path / "file")
