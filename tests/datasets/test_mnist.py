"""Real MNIST, where this machine has it."""

from __future__ import annotations

import os

import numpy as np
import pytest

from convcore.datasets import mnist
from convcore.datasets.folder import find_files, identify


@pytest.mark.skipif(not os.environ.get("CONVCORE_DATA"), reason="CONVCORE_DATA is not set")
def test_real_mnist():
    from pathlib import Path

    if len(find_files(Path(os.environ["CONVCORE_DATA"]))) < 4:
        pytest.skip("CONVCORE_DATA has not the four files")
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    if identify(y_test) != "mnist":
        pytest.skip("CONVCORE_DATA holds other data")
    assert x_train.shape == (60000, 28, 28)
    assert x_test.shape == (10000, 28, 28)
    assert np.bincount(y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
