"""Distances."""

from __future__ import annotations

import pytest

from convcore import metrics
from convcore.errors import ShapeError


def test_distances() -> None:
    squared, absolute = metrics.MeanSquaredError(), metrics.MeanAbsoluteError()
    for metric in (squared, absolute):
        metric.update_state([1, 2], [[1.0], [5.0]])
        metric.update_state([[0]], [[1.0]])
    assert squared.result() == pytest.approx(10 / 3)
    assert absolute.result() == pytest.approx(4 / 3)
    with pytest.raises(ShapeError):
        squared.update_state([[1, 2]], [[1.0], [5.0]])
