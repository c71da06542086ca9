"""Variables that a call() computes with."""

from __future__ import annotations

import numpy as np
import pytest

import convcore as keras
from convcore import errors
from convcore.layers.variable import Product, Weight
from convcore.variables import Variable

X = np.random.default_rng(0).normal(size=(5, 4, 3)).astype("float32")


@pytest.mark.parametrize("shape", [(3,), (4, 1), (1, 4, 3), ()])
def test_a_variable_is_repeated_for_each_sample(shape: tuple[int, ...]) -> None:
    variable = Variable(np.random.default_rng(1).normal(size=shape))
    inputs = keras.Input((4, 3))
    model = keras.Model(inputs, (inputs + variable) * variable)
    np.testing.assert_array_equal(model(X), (X + variable.value) * variable.value)
    dy = np.random.default_rng(2).normal(size=X.shape).astype("float32")
    model.forward(X)
    model.backward(dy)
    each = dy * (X + 2 * variable.value)
    batch = each.sum(0, keepdims=True) if len(shape) == 3 else each.sum(0)
    axes = tuple(axis for axis in range(2) if len(shape) < 2 or shape[axis] == 1) if len(shape) < 3 else ()
    expected = batch.sum(axes if shape != (3,) else 0, keepdims=shape == (4, 1)) if axes else batch
    np.testing.assert_allclose(variable.grad, expected, rtol=1e-5, atol=1e-5)


def test_a_variable_of_a_whole_batch_is_refused() -> None:
    with pytest.raises(errors.ShapeError, match="another value for each sample"):
        Weight(Variable(np.ones((5, 4, 3))), 3)


def test_products() -> None:
    variable = Variable(np.random.default_rng(1).normal(size=(3, 2)))
    np.testing.assert_allclose(Product(variable)(X), X @ variable.value, rtol=1e-5, atol=1e-6)
    with pytest.raises(errors.ShapeError, match="have no matrix product"):
        Product(variable)(X[..., :2])
    with pytest.raises(errors.NotSupportedError, match="matrix products between layers"):
        keras.Input((3,)) @ np.ones((3, 2))
