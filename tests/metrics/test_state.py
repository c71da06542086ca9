"""Variables of metrics, and metrics of one's own that keep them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore.errors import ParameterError, ShapeError
from convcore.metrics import Metric
from convcore.metrics.state import State
from tests.training.small import data, model


def test_a_state_is_assigned_to_and_calculated_with() -> None:
    state = State((2,), 1.0, "pair")
    state.assign([1, 2])
    state.assign_add([1, 1])
    state.assign_sub(np.float32(0.5))
    np.testing.assert_array_equal(state, [1.5, 2.5])
    np.testing.assert_array_equal(2 * state + np.ones(2), [4.0, 6.0])
    np.testing.assert_array_equal(np.maximum(state, state / 0.5), [3.0, 5.0])
    assert (state.shape, state.numpy().dtype, repr(state)) == ((2,), np.float64, "<State name='pair' value=[1.5 2.5]>")
    with pytest.raises(ShapeError, match=r"pair.*\(3,\)"):
        state.assign(np.zeros(3))
    assert (int(State((), 3, "n")), float(State((), 3, "n"))) == (3, 3.0)


class Hits(Metric):
    """How often the largest prediction is right, counted as the guides of Keras do it."""

    def __init__(self, name: str = "hits", **arguments: Any) -> None:
        super().__init__(name=name, **arguments)
        self.hits = self.add_weight(shape=(), initializer="zeros", name="hits")
        self.seen = self.add_variable(shape=(), initializer="zeros")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.hits.assign(self.hits + (np.argmax(y_pred, axis=-1) == y_true).sum())
        self.seen.assign_add(len(y_true))

    def result(self) -> Any:
        return self.hits / self.seen


def test_a_metric_of_ones_own_counts_in_training() -> None:
    x, y = data()
    net = model(metrics=[Hits(), "accuracy"])
    history = net.fit(x, y, epochs=2, verbose=0).history
    assert history["hits"] == history["accuracy"]
    assert all(type(figure) is float for figure in history["hits"])
    hits = net.metrics[0]
    assert [variable.name for variable in hits.variables] == ["hits", "variable_1"]
    assert float(hits.seen) == 100
    hits.reset_state()
    assert float(hits.seen) == 0


def test_initial_values() -> None:
    metric = Hits()
    assert metric.add_weight(initializer=lambda shape, dtype=None: np.full(shape, 2.0), shape=(3,)).numpy().sum() == 6
    assert float(metric.add_weight(initializer="ones")) == 1
    with pytest.raises(ParameterError, match="nonsense"):
        metric.add_weight(initializer="nonsense")
    with pytest.raises(ParameterError, match="super"):
        type("Late", (Metric,), {"__init__": lambda self: None})().add_weight()
    assert keras.metrics.Mean().variables == [0.0, 0.0]


def test_a_class_of_ones_own_from_its_configuration() -> None:
    again = keras.metrics.deserialize(keras.metrics.serialize(Hits(name="own")), custom_objects={"Hits": Hits})
    assert (type(again), again.name) == (Hits, "own")


@pytest.mark.parametrize("dtype", ["int32", np.int64, np.dtype("uint8")])
def test_whole_numbers_lose_fractions(dtype: object) -> None:
    state = Metric().add_weight(name="seen", dtype=dtype)
    state.assign_add(3)
    state.assign_add(1.5)
    assert float(state) == 4.0
    assert state / 8 == 0.5
