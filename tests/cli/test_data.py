"""The data of a command, and its true name."""

from __future__ import annotations

import hashlib
import os

import numpy as np
import pytest

from convcore import layers
from convcore.cli import data
from convcore.cli.arguments import UsageError
from convcore.datasets import folder
from convcore.errors import DatasetUnavailableError, ShapeError
from convcore.models import Sequential
from tests.datasets.files import collection

IMAGES = np.random.Generator(np.random.PCG64(3)).integers(0, 256, (4, 6, 5)).astype(np.uint8)


def test_digits():
    found = data.load("digits")
    assert found.name == "digits"
    assert [len(array) for part in found[1:] for array in part] == [20000, 20000, 4000, 4000]


def test_a_folder_has_its_own_name(tmp_path, monkeypatch, capsys):
    collection(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert data.load("mine").name == str(tmp_path / "mine")
    labels = np.arange(20, dtype=np.uint8) % 10
    monkeypatch.setitem(folder.TEST_LABELS, hashlib.sha256(labels.tobytes()).hexdigest(), "fashion_mnist")
    assert data.load(os.fspath(tmp_path / "mine")).name == "fashion_mnist"
    assert capsys.readouterr().out == ""


def test_no_mnist(tmp_path, monkeypatch, capsys):
    assert data.load(None).name == "digits"
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.startswith("MNIST cannot be had")
    assert "digits" in said
    with pytest.raises(DatasetUnavailableError, match="MNIST cannot be had"):
        data.load("mnist")
    monkeypatch.setenv("CONVCORE_DATA", str(collection(tmp_path / "configured")))
    assert data.load(None).name == "mnist"
    assert capsys.readouterr().out == ""


def test_neither_a_name_nor_a_folder():
    with pytest.raises(UsageError, match="mnist, fashion_mnist, digits"):
        data.load("cifar")


def test_pixels_in_the_range_that_the_model_takes():
    bytes_taken = Sequential([layers.Input((6, 5, 1)), layers.Rescaling(1 / 255), layers.Flatten()])
    got = data.pixels_for(bytes_taken, IMAGES)
    assert got.dtype == np.uint8
    assert got.shape == (4, 6, 5, 1)
    got = data.pixels_for(Sequential([layers.Input((6, 5)), layers.Flatten()]), IMAGES)
    assert got.shape == (4, 6, 5)
    np.testing.assert_array_equal(got, IMAGES.astype(np.float32) / np.float32(255))
    with pytest.raises(ShapeError, match=r"\(5, 6, 1\); these have \(6, 5\)"):
        data.pixels_for(Sequential([layers.Input((5, 6, 1)), layers.Flatten()]), IMAGES)
