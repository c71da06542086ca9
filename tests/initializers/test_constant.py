"""The same value everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import initializers
from convcore.errors import ParameterError, ShapeError
from convcore.initializers import Constant


def test_constants() -> None:
    assert initializers.get("zeros")((2, 3)).tolist() == [[0] * 3] * 2
    assert initializers.get("ones")((2,)).tolist() == [1, 1]
    assert initializers.Constant(2.5)((2,)).tolist() == [2.5, 2.5]


def test_a_constant_may_be_an_array() -> None:
    filters = np.arange(9.0).reshape(3, 3)
    made = Constant(filters)
    np.testing.assert_array_equal(made((3, 3)), filters)
    np.testing.assert_array_equal(Constant.from_config(made.get_config())((3, 3)), filters)
    with pytest.raises(ShapeError, match="does not fit"):
        made((2, 2))
    for wrong in ([1.0, np.nan], ["a"], [[None]]):
        with pytest.raises(ParameterError, match="value"):
            Constant(wrong)
