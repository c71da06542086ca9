"""Running a model without a trace."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest

from convcore import Sequential, layers
from convcore import random as seeds
from convcore.errors import NotSupportedError
from convcore.training.private import kept_random_numbers, private_copy


def test_a_copy_has_weights_of_its_own() -> None:
    model = Sequential([layers.Input((2,)), layers.Dense(2)])
    twin = private_copy(model)
    before = model.get_weights()[0].copy()
    np.testing.assert_array_equal(twin.get_weights()[0], before)
    twin.layers[0].kernel.value[...] += 1
    np.testing.assert_array_equal(model.get_weights()[0], before)


def test_what_cannot_be_copied_is_named() -> None:
    class Locked:
        def __init__(self) -> None:
            self.lock = threading.Lock()

    with pytest.raises(NotSupportedError, match="Locked cannot be copied: .*lock"):
        private_copy(Locked())


def draw_and_fail() -> None:
    random.random()
    np.random.random(5)
    seeds.next_seed()
    raise ZeroDivisionError


def test_random_numbers_are_put_back_after_an_error_too() -> None:
    draws = []
    for meanwhile in (False, True):
        random.seed(3)
        np.random.seed(3)
        seeds.set_seed(3)
        if meanwhile:
            with pytest.raises(ZeroDivisionError), kept_random_numbers():
                draw_and_fail()
        draws.append((random.random(), np.random.random(), seeds.next_seed()))
    assert draws[0] == draws[1]
