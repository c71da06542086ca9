"""What stands in for tensorflow."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from convcore import layers
from convcore.errors import NotSupportedError
from convcore.stand_ins import tensorflow


def table(path: str = ""):
    return tensorflow.content(path.split(".") if path else [])[0]


def test_tables_are_modules_and_functions_are_not() -> None:
    assert table()["__version__"] == tensorflow.VERSION
    assert "set_seed" in table("random")
    assert "ERROR" in table("compat.v1.logging")
    assert tensorflow.content(["cast"]) is None
    assert tensorflow.content(["io"]) is None
    assert tensorflow.content(["random", "set_seed", "more"]) is None


def test_a_seed_repeats_the_random_numbers() -> None:
    drawn = []
    for _ in range(2):
        table("random")["set_seed"](3)
        drawn.append((table("random")["normal"]((2, 3)), table("random")["uniform"]([4], 1, 3)))
    np.testing.assert_array_equal(drawn[0][0], drawn[1][0])
    np.testing.assert_array_equal(drawn[0][1], drawn[1][1])
    assert drawn[0][0].dtype == np.float32
    assert drawn[0][1].min() >= 1
    assert drawn[0][1].max() < 3
    assert table("random")["uniform"]((50,), 0, 3, np.int32, seed=1).numpy().tolist().count(3) == 0


@pytest.mark.parametrize("name", ["normal", "uniform"])
def test_a_call_would_draw_once_for_all_batches(name: str) -> None:
    layer = layers.Lambda(lambda x: x + table("random")[name]((table()["shape"](x)[0], 1)))
    with pytest.raises(NotSupportedError, match=rf"tensorflow\.random\.{name} in a call"):
        layer(np.ones((2, 3)))


def test_the_logger_is_that_of_tensorflow() -> None:
    log = table("compat.v1.logging")
    before = log["get_verbosity"]()
    log["set_verbosity"](log["ERROR"])
    assert table()["get_logger"]().level == logging.ERROR
    log["set_verbosity"](before)
