"""A small model and a small problem that it learns: what the tests of training and callbacks share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import convcore as keras
from convcore import layers

CLASSES = 3


def data(count: int = 100, seed: int = 0) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """`count` points (count, 5) of three classes that a line separates, and their class ids."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 5)).astype(np.float32)
    return x, (x @ rng.normal(size=(5, CLASSES))).argmax(axis=1)


def model(seed: int = 1, **arguments: Any) -> Any:
    """A compiled classifier of those points with seeded weights; `arguments` go to compile."""
    keras.utils.set_random_seed(seed)
    net = keras.Sequential([layers.Input((5,)), layers.Dense(8, "relu"), layers.Dense(CLASSES, "softmax")])
    net.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]} | arguments)
    return net


def weights(net: Any) -> npt.NDArray[np.float32]:
    """All weights of a model in one array."""
    return np.concatenate([array.ravel() for array in net.get_weights()])
