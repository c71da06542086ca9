"""Making variables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import initializers, layers
from convcore.errors import ParameterError, ResourceLimitError, ShapeError
from convcore.layers.weights import make_variable, provided_values


def test_values_come_from_the_initializer() -> None:
    variable = make_variable("kernel", (2, 3), initializers.Constant(2.0), True, "d")
    assert (variable.name, variable.shape, variable.trainable, variable.value.sum()) == ("kernel", (2, 3), True, 12.0)


def test_a_provider_replaces_the_initializer_within_its_block_only() -> None:
    with provided_values(lambda name, shape: np.full(shape, 7.0)):
        inside = make_variable("b", (2,), initializers.Ones(), True, "d")
    outside = make_variable("b", (2,), initializers.Ones(), True, "d")
    assert (inside.value.sum(), outside.value.sum()) == (14.0, 2.0)


def test_what_cannot_fit_is_refused_before_it_is_allocated() -> None:
    with pytest.raises(ResourceLimitError, match=r"variable 'kernel' of layer 'big' with shape \(1600, 2147483647\)"):
        layers.Dense(2**31 - 1, name="big").build((None, 1600))


@pytest.mark.parametrize(
    ("values", "error"),
    [(np.zeros(3), ShapeError), (np.zeros(2, complex), ParameterError), (["a", "b"], ParameterError)],
)
def test_initializers_of_ones_own_are_checked(values: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="initializer of the variable 'b' of layer 'd'"):
        make_variable("b", (2,), lambda shape: values, True, "d")
