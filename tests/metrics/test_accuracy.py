"""Accuracies, against values counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import metrics
from convcore.errors import ParameterError, ShapeError

OUTPUTS = np.array([[0.1, 0.9, 0.0], [0.8, 0.1, 0.1], [0.2, 0.3, 0.5], [0.6, 0.4, 0.0]], dtype=np.float32)


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
@pytest.mark.parametrize("dtype", ["int32", "float32", "uint8"])
def test_sparse(shape: tuple[int, ...], dtype: str) -> None:
    metric = metrics.SparseCategoricalAccuracy()
    metric.update_state(np.array([1, 0, 0, 0], dtype=dtype).reshape(shape), OUTPUTS)
    assert metric.result() == 0.75
    metric.update_state([2], OUTPUTS[:1])
    assert metric.result() == 3 / 5


def test_categorical_and_binary() -> None:
    assert metrics.CategoricalAccuracy()(np.eye(3)[[1, 0, 0, 0]], OUTPUTS) == 0.75
    assert metrics.BinaryAccuracy()([1, 0, 1], [[0.5], [0.4], [0.6]]) == 2 / 3  # 0.5 is not above 0.5
    assert metrics.BinaryAccuracy(threshold=0.3)([1, 0, 1], [[0.5], [0.4], [0.6]]) == 2 / 3
    assert metrics.Accuracy()([1, 2], [1, 3]) == 0.5


def test_weights_count() -> None:
    metric = metrics.SparseCategoricalAccuracy()
    metric.update_state([1, 0, 0, 0], OUTPUTS, sample_weight=[1, 1, 2, 0])
    assert metric.result() == 0.5


def test_no_silent_broadcast() -> None:
    with pytest.raises(ShapeError):
        metrics.SparseCategoricalAccuracy()([1, 0], OUTPUTS)
    with pytest.raises(ShapeError):
        metrics.BinaryAccuracy()([[1, 0, 1]], [[0.5], [0.4], [0.6]])
    with pytest.raises(ShapeError):
        metrics.CategoricalAccuracy()([1, 0, 0, 0], OUTPUTS)
    with pytest.raises(ShapeError):
        metrics.Accuracy()([1, 2, 3], [1])
    with pytest.raises(ParameterError):
        metrics.BinaryAccuracy(threshold=2)
