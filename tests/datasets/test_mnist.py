"""Real MNIST, where this machine has it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from convcore.datasets import mnist
from convcore.datasets.folder import find_files, identify

FOLDER = os.environ.get("CONVCORE_DATA")  # read before conftest.py hides it


@pytest.mark.skipif(not FOLDER or len(find_files(Path(FOLDER))) < 4, reason="CONVCORE_DATA names no folder of MNIST")
def test_real_mnist():
    (x_train, y_train), (x_test, y_test) = mnist.load_data(FOLDER)
    if identify(y_test) != "mnist":
        pytest.skip("CONVCORE_DATA holds other data")
    assert x_train.shape == (60000, 28, 28)
    assert x_test.shape == (10000, 28, 28)
    assert np.bincount(y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
