"""The learning rate read from an optimizer."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

from convcore.errors import ParameterError, StateError
from convcore.optimizers import SGD, Adam
from convcore.optimizers.schedules import ExponentialDecay


def test_it_is_a_float_with_the_methods_of_a_variable() -> None:
    optimizer = Adam(0.125)
    rate = optimizer.learning_rate
    assert isinstance(rate, float)
    assert (rate, repr(rate), json.dumps(rate), f"{rate:.2f}") == (0.125, "0.125", "0.125", "0.12")
    value = rate.numpy()
    assert (value.shape, value.dtype, float(value)) == ((), np.float32, 0.125)
    rate.assign(0.5)
    assert (optimizer.learning_rate, rate) == (0.5, 0.125)
    rate.assign(np.float32(0.25))
    assert optimizer.learning_rate == 0.25
    optimizer.learning_rate *= 2
    assert optimizer.learning_rate == 0.5
    assert type(optimizer.get_config()["learning_rate"]) is float


def test_what_is_assigned_is_checked() -> None:
    optimizer = SGD(0.5)
    with pytest.raises(ParameterError, match="learning_rate"):
        optimizer.learning_rate.assign(-1.0)
    assert optimizer.learning_rate == 0.5
    scheduled = SGD(ExponentialDecay(0.5, 10, 0.5))
    assert scheduled.learning_rate.numpy() == 0.5
    with pytest.raises(StateError, match="LearningRateSchedule"):
        scheduled.learning_rate.assign(1.0)


def test_copies_are_numbers() -> None:
    rate = SGD(0.5).learning_rate
    for twin in (copy.deepcopy(rate), pickle.loads(pickle.dumps(rate))):
        assert (type(twin), twin) == (float, 0.5)
