"""The seed net and its data: what test_model.py and peers.py train."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

import convcore as keras

IMAGES = 8192  # a whole number of every batch size that is measured
# Nominal operations for one image: every convolution and dense layer in full, two for each product.
FORWARD_FLOPS = 2 * (26 * 26 * 9 * 64 + 11 * 11 * 9 * 64 * 64 + 1600 * 128 + 128 * 10)
TRAIN_FLOPS = 3 * FORWARD_FLOPS - 2 * 26 * 26 * 9 * 64  # the first layer needs no gradient of its input


def build() -> Any:
    """The seed net, compiled with Adam, with the same weights each time."""
    keras.utils.set_random_seed(0)
    model = keras.models.Sequential(
        [
            keras.layers.Input((28, 28, 1)),
            keras.layers.Conv2D(64, (3, 3), activation="relu"),
            keras.layers.MaxPooling2D(2, 2),
            keras.layers.Conv2D(64, (3, 3), activation="relu"),
            keras.layers.MaxPooling2D(2, 2),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def data_name() -> str:
    """Which images `data` gives: those of MNIST where CONVCORE_DATA names a folder that holds them."""
    return "MNIST" if os.environ.get("CONVCORE_DATA") else "drawn digits"


def data() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """IMAGES images, float32 in [0, 1] of shape (IMAGES, 28, 28, 1), and their classes."""
    mnist = data_name() == "MNIST"
    (x, y), _ = keras.datasets.mnist.load_data() if mnist else keras.datasets.digits.load_data(IMAGES, 1)
    return (x[:IMAGES, ..., None] / np.float32(255)).astype(np.float32), y[:IMAGES].astype(np.int64)
