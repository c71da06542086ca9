"""Normalization of groups of channels: Keras's semantics, values and gradients against NumPy in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers, runtime
from convcore.errors import ParameterError, ShapeError
from tests.checks import digest
from tests.reference import Array

X = np.random.default_rng(0).standard_normal((5, 6, 4, 8)).astype(np.float32) * 2 + 3
DY = np.random.default_rng(1).standard_normal(X.shape).astype(np.float32)


def fill(layer: Any) -> Any:
    rng = np.random.default_rng(5)
    layer.build(X.shape)
    layer.set_weights([rng.standard_normal(weight.shape).astype(np.float32) for weight in layer.weights])
    return layer


def by_group(x: Array, axis: int, groups: int) -> Array:
    """`x` with the axis of the channels as two, groups and their channels."""
    place = axis % x.ndim
    return x.reshape(*x.shape[:place], groups, x.shape[place] // groups, *x.shape[place + 1 :])


def spread(weight: Any, axis: int) -> Any:
    return weight.numpy().astype(np.float64).reshape([-1 if each == axis % 4 else 1 for each in range(4)])


@pytest.mark.parametrize(("axis", "groups"), [(-1, 2), (3, 8), (-1, 1), (1, 3), (-3, 6), (2, 2), (-2, 4), (-1, -1)])
@pytest.mark.parametrize("options", [{}, {"center": False}, {"scale": False, "epsilon": 0.1}])
def test_values_and_gradients(axis: int, groups: int, options: dict[str, Any]) -> None:
    layer = fill(layers.GroupNormalization(groups, axis, **options))
    count = X.shape[axis] if groups == -1 else groups
    wide, dy = by_group(X.astype(np.float64), axis, count), DY.astype(np.float64)
    axes = tuple(each for each in range(1, 5) if each != axis % 4)
    inverse = 1 / np.sqrt(wide.var(axes, keepdims=True) + options.get("epsilon", 1e-3))
    unit = (wide - wide.mean(axes, keepdims=True)) * inverse
    gamma = 1.0 if layer.gamma is None else spread(layer.gamma, axis)
    beta = 0.0 if layer.beta is None else spread(layer.beta, axis)
    np.testing.assert_allclose(layer(X), unit.reshape(X.shape) * gamma + beta, rtol=1e-4, atol=2e-5)
    np.testing.assert_array_equal(layer.forward(X), layer(X))
    layer.forward(X)
    dx, g = layer.backward(DY), by_group(dy * gamma, axis, count)
    through = g - g.mean(axes, keepdims=True) - unit * (g * unit).mean(axes, keepdims=True)
    np.testing.assert_allclose(dx, (inverse * through).reshape(X.shape), rtol=1e-3, atol=1e-5)
    others = tuple(each for each in range(4) if each != axis % 4)
    if layer.gamma is not None:
        np.testing.assert_allclose(layer.gamma.grad, (dy * unit.reshape(X.shape)).sum(others), rtol=1e-4, atol=1e-4)
    if layer.beta is not None:
        np.testing.assert_allclose(layer.beta.grad, dy.sum(others), rtol=1e-4, atol=1e-4)


def test_without_parameters_it_has_none() -> None:
    layer = layers.GroupNormalization(4, center=False, scale=False)
    y = by_group(layer(X), -1, 4)
    assert layer.weights == []
    np.testing.assert_allclose(y.mean((1, 2, 4)), np.zeros((5, 4)), atol=1e-5)
    np.testing.assert_allclose(y.var((1, 2, 4)), np.ones((5, 4)), rtol=1e-3)


def test_a_gradient_is_the_difference_quotient() -> None:
    layer = fill(layers.GroupNormalization(2, axis=2))
    direction = np.random.default_rng(2).standard_normal(X.shape)
    layer.forward(X)
    ours = float((layer.backward(DY) * direction).sum())

    def value(x: Array) -> float:
        wide = by_group(x, 2, 2)
        unit = (wide - wide.mean((1, 3, 4), keepdims=True)) / np.sqrt(wide.var((1, 3, 4), keepdims=True) + 1e-3)
        return float((unit.reshape(X.shape) * spread(layer.gamma, 2) * DY).sum())

    wide, step = X.astype(np.float64), 1e-6
    quotient = (value(wide + step * direction) - value(wide - step * direction)) / (2 * step)
    assert ours == pytest.approx(quotient, rel=1e-4, abs=1e-3)


def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    layer, digests = fill(layers.GroupNormalization(4)), set()
    for count in (1, 2, 3):
        with runtime.threads(count):
            y = layer.forward(X)
            digests.add(digest([y, layer.backward(DY), *(v.grad.copy() for v in layer.weights)]))
    assert len(digests) == 1


@pytest.mark.parametrize("trainable", [True, False])
def test_a_network_with_it_learns(trainable: bool) -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((256, 6, 6, 2)).astype(np.float32)
    y = (x.mean((1, 2, 3)) > 0).astype(np.int64)
    model = Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(8, 3),
            layers.GroupNormalization(2, gamma_regularizer="l2", beta_constraint="max_norm", trainable=trainable),
            layers.ReLU(),
            layers.Flatten(),
            layers.UnitNormalization(),
            layers.Rescaling(10.0),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    history = model.fit(x, y, epochs=12, verbose=0).history
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    assert (model.layers[1].gamma.value == 1).all() == (not trainable)


def test_the_groups_of_a_built_layer_are_counted() -> None:
    layer = layers.GroupNormalization(-1)
    layer(X)
    assert layer.get_config()["groups"] == 8


def test_what_is_wrong() -> None:
    for groups in (0, -2, 1.5, True, "2"):
        with pytest.raises(ParameterError, match="invalid value for argument `groups`"):
            layers.GroupNormalization(groups)  # type: ignore[arg-type]
    for options in ({"axis": 1.5}, {"axis": [1]}, {"epsilon": -1.0}):
        with pytest.raises(ParameterError, match=next(iter(options))):
            layers.GroupNormalization(2, **options)  # type: ignore[arg-type]
    for axis in (0, 4, -5):
        with pytest.raises(ShapeError, match="out of bounds"):
            layers.GroupNormalization(2, axis)(X)
    with pytest.raises(ShapeError, match="cannot be more than the number of channels"):
        layers.GroupNormalization()(X)
    with pytest.raises(ShapeError, match="must be a multiple of the number of channels"):
        layers.GroupNormalization(3)(X)
    with pytest.raises(ShapeError, match="should have a defined dimension"):
        layers.GroupNormalization(2).build((None, 4, None))
