"""to_categorical and normalize."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore.errors import DTypeError, LabelError, ParameterError, ShapeError
from convcore.utils import normalize, to_categorical


def test_class_ids_become_one_hot_rows() -> None:
    categorical = to_categorical([1, 0, 3])
    assert categorical.dtype == np.float64
    assert categorical.tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    assert to_categorical([1], num_classes=3).tolist() == [[0, 1, 0]]


def test_shapes_follow_keras() -> None:
    assert to_categorical(np.zeros((4, 1), dtype=np.uint8), 10).shape == (4, 10)
    assert to_categorical(np.zeros((4, 5), dtype=int), 10).shape == (4, 5, 10)
    assert to_categorical(np.zeros(3), 2).shape == (3, 2)
    assert to_categorical([], 3).shape == (0, 3)
    assert to_categorical(2).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("labels", "classes", "position", "value"),
    [([0, 1, 2], 2, 2, "2"), ([0, -1], None, 1, "-1"), ([0.5], 3, 0, "0.5"), ([np.nan], 3, 0, "nan")],
)
def test_labels_outside_are_named(labels: list[float], classes: int | None, position: int, value: str) -> None:
    with pytest.raises(LabelError, match=rf"position {position} is {value}\."):
        to_categorical(labels, classes)


@pytest.mark.parametrize(
    ("labels", "classes", "error"),
    [
        (["a"], None, DTypeError),
        ([[1], [1, 2]], None, ShapeError),
        ([1], 2.0, ParameterError),
        ([1], "2", ParameterError),
    ],
)
def test_garbage(labels: Any, classes: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        to_categorical(labels, classes)


def test_normalize() -> None:
    np.testing.assert_allclose(normalize([[3.0, 4.0], [0.0, 0.0]]), [[0.6, 0.8], [0.0, 0.0]])
    np.testing.assert_allclose(normalize([[1.0, 3.0]], order=1), [[0.25, 0.75]])
    np.testing.assert_allclose(normalize([[3.0], [4.0]], axis=0), [[0.6], [0.8]])
    with pytest.raises(ParameterError, match="order"):
        normalize([1.0], order=0)
