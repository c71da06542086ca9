"""Seeds of initializers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import initializers, random
from convcore.errors import DTypeError, NotSupportedError, ParameterError


def test_a_seed_gives_the_same_values_at_each_call_and_another_seed_others() -> None:
    initializer = initializers.GlorotUniform(seed=4)
    np.testing.assert_array_equal(initializer((3, 4)), initializer((3, 4)))
    np.testing.assert_array_equal(initializer((3, 4)), initializers.GlorotUniform(seed=4)((3, 4)))
    assert not np.array_equal(initializer((3, 4)), initializers.GlorotUniform(seed=5)((3, 4)))


def test_without_a_seed_the_process_stream_decides() -> None:
    random.set_seed(1)
    first, second = initializers.get("he_normal")((4,)), initializers.get("he_normal")((4,))
    assert not np.array_equal(first, second)
    random.set_seed(1)
    np.testing.assert_array_equal(initializers.get("he_normal")((4,)), first)


def test_making_an_initializer_draws_nothing() -> None:
    random.set_seed(1)
    expected = random.next_seed()
    random.set_seed(1)
    initializers.get("he_normal")
    assert random.next_seed() == expected


@pytest.mark.parametrize("seed", [True, -1, 1.5, "1"])
def test_seeds_are_integers(seed: Any) -> None:
    with pytest.raises(ParameterError, match="seed"):
        initializers.HeNormal(seed=seed)


@pytest.mark.parametrize("dtype", ["float16", "float64", np.int32, bool])
def test_values_are_of_the_dtype_that_is_asked_for(dtype: Any) -> None:
    for name in ("ones", "random_normal", "identity", "orthogonal", "he_normal"):
        initializer = initializers.get(name)
        values = initializer((3, 3), dtype=dtype)
        assert values.dtype == dtype
        np.testing.assert_array_equal(values, initializer((3, 3)).astype(dtype))
    assert initializers.get(np.eye(2))((2, 2), dtype).dtype == dtype


def test_what_is_no_dtype_of_numbers_is_refused() -> None:
    for dtype in ("number", "complex64", object, str):
        with pytest.raises(DTypeError, match="dtype: expected one of real numbers"):
            initializers.Zeros()((2,), dtype)
    with pytest.raises(NotSupportedError, match="does not define __call__"):
        initializers.Initializer()((2,))
