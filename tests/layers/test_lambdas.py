"""Functions as layers."""

from __future__ import annotations

import numpy as np
import pytest

import convcore as keras
from convcore import errors, layers


def test_a_function_of_tensors_is_a_layer() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Lambda(lambda x, by: x / by, arguments={"by": 2.0})])
    x = np.float32([[1, 2, 3]])
    np.testing.assert_array_equal(model.predict(x, verbose=0), x / 2)
    assert model.output_shape == (None, 3)


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(errors.ParameterError, match="must be callable"):
        layers.Lambda("x")  # type: ignore[arg-type]
    with pytest.raises(errors.NotSupportedError, match="`mask`"):
        layers.Lambda(abs, mask=1)  # type: ignore[arg-type]


def test_files_hold_no_code() -> None:
    with pytest.raises(errors.NotSupportedError, match="configuration of a Lambda layer, as 'halved' is"):
        layers.Lambda(lambda x: x / 2, name="halved").get_config()
