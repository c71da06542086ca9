"""Fashion-MNIST is told apart from MNIST, whose files have the same names."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from convcore.datasets import fashion_mnist, folder, mnist
from convcore.errors import DataFileError, DatasetUnavailableError
from tests.datasets.files import collection, counts


def test_digits_are_never_returned_as_clothes(tmp_path, monkeypatch):
    where = collection(tmp_path / "data")
    labels = np.arange(20, dtype=np.uint8) % 10
    digest = hashlib.sha256(labels.tobytes()).hexdigest()
    monkeypatch.setitem(folder.TEST_LABELS, digest, "mnist")
    monkeypatch.setenv("CONVCORE_DATA", str(where))
    assert counts(mnist.load_data()) == (60, 60, 20, 20)
    with pytest.raises(DatasetUnavailableError, match="holds mnist"):
        fashion_mnist.load_data()
    with pytest.raises(DataFileError, match="holds mnist, not fashion_mnist"):
        fashion_mnist.load_data(where)
    other = np.arange(21, dtype=np.uint8) % 10
    collection(where / "fashion-mnist", test=21)
    monkeypatch.setitem(folder.TEST_LABELS, hashlib.sha256(other.tobytes()).hexdigest(), "fashion_mnist")
    assert counts(fashion_mnist.load_data()) == (60, 60, 21, 21)
