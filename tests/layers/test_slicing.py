"""Parts of what stands for arrays between layers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import errors
from convcore.layers.slicing import Slice

X = np.random.default_rng(0).normal(size=(2, 4, 5, 6)).astype("float32")
KEYS: list[Any] = [
    np.s_[:, 1:], np.s_[:, 1:-1, 2:4], np.s_[..., 0], np.s_[:, -1], np.s_[:, 2, ..., :3], np.s_[..., None, 1:2],
    np.s_[:], np.s_[:, None, :, 3], np.s_[:, :, :, -2:],
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_parts_are_those_of_numpy(key: Any) -> None:
    inputs = keras.Input(X.shape[1:])
    outputs = inputs[key]
    assert outputs.shape == (None, *X[key].shape[1:])
    model = keras.Model(inputs, outputs)
    np.testing.assert_array_equal(model(X), X[key])
    model.forward(X)
    whole = np.zeros_like(X)
    whole[key] = X[key]
    np.testing.assert_array_equal(model.backward(X[key]), whole)
    again = keras.models.model_from_json(model.to_json())
    np.testing.assert_array_equal(again(X), X[key])
    json.dumps(Slice(key).get_config())


def test_open_sizes_stay_open() -> None:
    assert keras.Input((None, 3))[:, :, 1:].shape == (None, None, 2)


@pytest.mark.parametrize(
    ("key", "error", "match"),
    [
        (np.s_[0], errors.NotSupportedError, "behind the batch"),
        (np.s_[1:], errors.NotSupportedError, "behind the batch"),
        (np.s_[:, ::2], errors.NotSupportedError, "slices without steps"),
        (np.s_[:, [1, 2]], errors.NotSupportedError, "slices without steps"),
        (np.s_[:, 7], errors.ShapeError, "out of bounds"),
        (np.s_[:, 3:2], errors.ShapeError, "leaves nothing"),
        (np.s_[:, 0, 0, 0, 0], errors.ShapeError, "Too many indices"),
    ],
)
def test_the_rest_is_refused(key: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        keras.Input(X.shape[1:])[key]


def test_an_open_size_has_no_last() -> None:
    with pytest.raises(errors.ShapeError, match="needs a known size"):
        keras.Input((None, 3))[:, -1]
