"""Where MNIST and Fashion-MNIST are looked for, in which order, and what is said when they are nowhere."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest

from convcore.datasets import collection as collection_module
from convcore.datasets import fashion_mnist, mnist
from convcore.datasets.cache import cache_folder
from convcore.errors import (
    ConvcoreError,
    DataFileError,
    DatasetUnavailableError,
    ParameterError,
)
from tests.datasets.files import FILES, collection, counts


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("load", [mnist.load_data, fashion_mnist.load_data])
def test_explicit_folder(tmp_path, zipped, load):
    where = collection(tmp_path / "data", zipped=zipped)
    (x_train, y_train), (x_test, y_test) = load(where)
    assert x_train.shape == (60, 28, 28)
    assert y_train.shape == (60,)
    assert x_test.shape == (20, 28, 28)
    assert y_test.shape == (20,)
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert counts(load(str(where))) == (60, 60, 20, 20)


def test_order_of_sources(tmp_path, monkeypatch):
    collection(cache_folder() / "mnist", train=1)
    assert counts(mnist.load_data())[0] == 1
    monkeypatch.setenv("CONVCORE_DATA", str(collection(tmp_path / "configured", train=2)))
    assert counts(mnist.load_data())[0] == 2
    collection(tmp_path / "configured" / "mnist", train=3)
    assert counts(mnist.load_data())[0] == 3
    assert counts(mnist.load_data(collection(tmp_path / "explicit", train=4)))[0] == 4


def test_the_name_that_keras_has_as_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONVCORE_DATA", str(collection(tmp_path / "configured", train=2)))
    assert counts(mnist.load_data("mnist.npz"))[0] == 2
    with pytest.raises(FileNotFoundError, match=r"other\.npz"):
        mnist.load_data("other.npz")


def test_nothing_to_be_had(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVCORE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DatasetUnavailableError) as caught:
        mnist.load_data()
    message = str(caught.value)
    assert isinstance(caught.value, OSError)
    assert isinstance(caught.value, ConvcoreError)
    assert "\n" not in message
    for tried in ("MNIST", "nowhere", str(cache_folder() / "mnist"), "pip install 'convcore[data]'"):
        assert tried in message


def test_a_damaged_configured_file_is_not_passed_over(tmp_path, monkeypatch):
    where = collection(tmp_path / "data", zipped=True)
    path = where / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-1])
    monkeypatch.setenv("CONVCORE_DATA", str(where))
    collection(cache_folder() / "mnist")
    with pytest.raises(DataFileError, match=r"train-images.*byte offset"):
        mnist.load_data()


@pytest.mark.parametrize("path", [0, 1.5, [], b"", ""])
def test_what_is_no_path(path):
    with pytest.raises(ParameterError, match="path"):
        mnist.load_data(path)


@pytest.mark.parametrize("published", [mnist.COLLECTION, fashion_mnist.COLLECTION])
def test_the_published_sets_are_whole(published):
    assert set(published.resources) == set(FILES)
    assert len(published.mirrors) == 2
    assert all(url.startswith("https://") and url.endswith("/") for url in published.mirrors)
    assert all(len(bytes.fromhex(resource.sha256)) == 32 for resource in published.resources.values())


def test_pooch_is_not_imported_without_need(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", types.ModuleType("pooch"))
    monkeypatch.setattr(collection_module, "download", None)
    assert counts(mnist.load_data(Path(collection(tmp_path / "data")))) == (60, 60, 20, 20)
