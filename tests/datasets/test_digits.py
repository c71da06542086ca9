"""The drawn digits: seeded, independent of how many are asked for, fast, varied and learnable."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest

from convcore.datasets import digits
from convcore.errors import ParameterError, ResourceLimitError


def test_shapes_and_kinds():
    (x_train, y_train), (x_test, y_test) = digits.load_data(300, 70, seed=5)
    assert (x_train.shape, y_train.shape) == ((300, 28, 28), (300,))
    assert (x_test.shape, y_test.shape) == ((70, 28, 28), (70,))
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    images, labels = digits.generate(0)
    assert images.shape == (0, 28, 28)
    assert labels.shape == (0,)


def test_an_image_does_not_depend_on_how_many_are_drawn():
    images, labels = digits.generate(600, seed=9)
    for n in (1, 2, 255, 256, 257, 513):
        fewer, fewer_labels = digits.generate(n, seed=9)
        np.testing.assert_array_equal(fewer, images[:n])
        np.testing.assert_array_equal(fewer_labels, labels[:n])
    (x_train, _), (x_test, _) = digits.load_data(600, 5, seed=9)
    np.testing.assert_array_equal(x_train, images)
    np.testing.assert_array_equal(x_test, digits.load_data(0, 300, seed=9)[1][0][:5])


def test_a_seed_gives_the_same_bytes_on_every_machine():
    images, labels = digits.generate(1000, seed=0)
    found = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    assert found == "fe95a2785a1eb472e86e89db84d7586f3e9f782f20201fd7032bf7cc0f8098be"


def test_train_and_test_and_seeds_differ():
    (x_train, _), (x_test, _) = digits.load_data(500, 500, seed=0)
    other, _ = digits.generate(500, seed=1)
    seen = {image.tobytes() for image in x_train}
    assert len(seen) == 500
    assert not seen & {image.tobytes() for image in x_test}
    assert not seen & {image.tobytes() for image in other}


def test_every_digit_is_drawn_about_as_often_and_has_ink_inside_the_frame():
    images, labels = digits.generate(4000, seed=2)
    counts = np.bincount(labels, minlength=10)
    assert counts.size == 10
    assert counts.min() > 320
    ink = images.reshape(4000, -1).astype(float).sum(axis=1)
    assert ink.min() > 5 * 255
    border = images[:, [0, -1], :].mean() + images[:, :, [0, -1]].mean()
    assert border < 5
    assert images.max() > 240


def test_nearest_neighbours_mostly_agree_but_not_always():
    """Variety: one neighbour among 6,000 images gets most images right and clearly not all."""
    (x_train, y_train), (x_test, y_test) = digits.load_data(6000, 500)

    def directions(images):
        flat = images.reshape(len(images), -1).astype(np.float32)
        return flat / np.linalg.norm(flat, axis=1, keepdims=True)

    nearest = np.argmax(directions(x_test) @ directions(x_train).T, axis=1)
    accuracy = np.mean(y_train[nearest] == y_test)
    assert 0.8 < accuracy < 0.97


def test_speed():
    digits.generate(256)
    best = min(_seconds() for _ in range(3))
    assert 1000 / best > 5000


def _seconds() -> float:
    start = time.perf_counter()
    digits.generate(1000)
    return time.perf_counter() - start


@pytest.mark.parametrize("value", [-1, 1.5, "3", None, True, np.float32(2), 2**80])
@pytest.mark.parametrize("name", ["n_train", "n_test", "seed"])
def test_arguments(name, value):
    with pytest.raises(ParameterError, match=f"{name}: "):
        digits.load_data(**({"n_train": 1, "n_test": 1} | {name: value}))


def test_more_than_memory_holds():
    with pytest.raises(ResourceLimitError, match="drawn digits"):
        digits.generate(2**31 - 1)


def test_more_arguments():
    assert len(digits.generate(np.int64(3), seed=np.uint8(1))[0]) == 3
    with pytest.raises(ParameterError, match="n: "):
        digits.generate(-3)
