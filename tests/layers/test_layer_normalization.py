"""Normalization of each sample: Keras's semantics, values and gradients against NumPy in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import Sequential, layers, runtime
from convcore.errors import DTypeError, ParameterError, ShapeError
from tests.checks import digest
from tests.reference import Array

X = np.random.default_rng(0).standard_normal((9, 7, 5, 6)).astype(np.float32) * 2 + 3
DY = np.random.default_rng(1).standard_normal(X.shape).astype(np.float32)
AXES: list[Any] = [-1, 3, 1, [2], [1, 3], [3, 2], (1, 2, 3), [1, 2], -2]


def over(axis: Any) -> tuple[int, ...]:
    return tuple(sorted(each % 4 for each in (axis if isinstance(axis, (list, tuple)) else [axis])))


def spread(weight: Any, axis: Any) -> Any:
    """A weight over the axes, so that it fits the inputs."""
    shape = [X.shape[each] if each in over(axis) else 1 for each in range(4)]
    return weight.numpy().astype(np.float64).reshape(shape)


def others(axis: Any) -> tuple[int, ...]:
    return tuple(each for each in range(4) if each not in over(axis))


def fill(layer: Any) -> Any:
    rng = np.random.default_rng(5)
    layer.build(X.shape)
    layer.set_weights([rng.standard_normal(weight.shape).astype(np.float32) for weight in layer.weights])
    return layer


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("options", [{}, {"center": False}, {"scale": False}, {"epsilon": 0.1}])
def test_layer_normalization(axis: Any, options: dict[str, Any]) -> None:
    layer = fill(layers.LayerNormalization(axis, **options))
    wide, dy, axes = X.astype(np.float64), DY.astype(np.float64), over(axis)
    inverse = 1 / np.sqrt(wide.var(axes, keepdims=True) + options.get("epsilon", 1e-3))
    unit = (wide - wide.mean(axes, keepdims=True)) * inverse
    gamma = 1.0 if layer.gamma is None else spread(layer.gamma, axis)
    beta = 0.0 if layer.beta is None else spread(layer.beta, axis)
    np.testing.assert_allclose(layer(X), unit * gamma + beta, rtol=1e-4, atol=2e-5)
    np.testing.assert_array_equal(layer.forward(X), layer(X))
    layer.forward(X)
    dx, g = layer.backward(DY), dy * gamma
    through = g - g.mean(axes, keepdims=True) - unit * (g * unit).mean(axes, keepdims=True)
    np.testing.assert_allclose(dx, inverse * through, rtol=1e-3, atol=1e-5)
    if layer.gamma is not None:
        expected = (dy * unit).sum(others(axis))
        np.testing.assert_allclose(layer.gamma.grad, expected, rtol=1e-4, atol=1e-4)
    if layer.beta is not None:
        np.testing.assert_allclose(layer.beta.grad, dy.sum(others(axis)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("axis", AXES)
def test_rms_normalization(axis: Any) -> None:
    layer = fill(layers.RMSNormalization(axis, epsilon=0.1))
    wide, dy, axes, scale = X.astype(np.float64), DY.astype(np.float64), over(axis), spread(layer.scale, axis)
    inverse = 1 / np.sqrt((wide**2).mean(axes, keepdims=True) + 0.1)
    np.testing.assert_allclose(layer.forward(X), wide * inverse * scale, rtol=1e-4, atol=2e-5)
    g = dy * scale
    through = g - wide * inverse * (g * wide * inverse).mean(axes, keepdims=True)
    np.testing.assert_allclose(layer.backward(DY), inverse * through, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(layer.scale.grad, (dy * wide * inverse).sum(others(axis)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("axis", AXES)
def test_unit_normalization(axis: Any) -> None:
    layer = layers.UnitNormalization(axis)
    wide, dy, axes = X.astype(np.float64), DY.astype(np.float64), over(axis)
    unit = wide / np.sqrt((wide**2).sum(axes, keepdims=True))
    np.testing.assert_allclose(layer.forward(X), unit, rtol=1e-5, atol=1e-6)
    through = dy - unit * (dy * unit).sum(axes, keepdims=True)
    expected = through / np.sqrt((wide**2).sum(axes, keepdims=True))
    np.testing.assert_allclose(layer.backward(DY), expected, rtol=1e-4, atol=1e-6)
    assert layer.weights == []


def test_lengths_of_any_size_become_one_and_that_of_nothing_stays() -> None:
    x = np.array([[3e-7, 4e-7], [3e15, 4e15], [0, 0]], np.float32)
    np.testing.assert_allclose(layers.UnitNormalization()(x), [[0.6, 0.8], [0.6, 0.8], [0, 0]], rtol=1e-6)
    with pytest.raises(DTypeError, match="Invalid value for `axis` argument"):
        layers.UnitNormalization(axis={"axis": -1})


def test_the_old_scaling_divides_by_the_deviation() -> None:
    with pytest.warns(UserWarning, match="rms_scaling=True"):
        layer = fill(layers.LayerNormalization([1, 3], rms_scaling=True))
    assert [weight.name for weight in layer.weights] == ["gamma"]
    wide, axes, gamma = X.astype(np.float64), (1, 3), spread(layer.gamma, [1, 3])
    expected = wide / np.sqrt(wide.var(axes, keepdims=True) + 1e-3) * gamma
    np.testing.assert_allclose(layer(X), expected, rtol=1e-4, atol=2e-5)


def differences(layer: Any) -> tuple[float, float]:
    """Of the loss ``sum(y * DY)`` in a random direction: our gradient's, and the difference quotient of float64."""
    direction = np.random.default_rng(2).standard_normal(X.shape)
    layer.forward(X)
    ours = float((layer.backward(DY) * direction).sum())
    axes, step = over(layer.axis), 1e-6

    def value(x: Array) -> float:
        mean = 0.0 if isinstance(layer, layers.RMSNormalization) else x.mean(axes, keepdims=True)
        inverse = 1 / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + layer.epsilon)
        shift = 0.0 if getattr(layer, "rms_scaling", False) else mean
        return float(((x - shift) * inverse * spread(layer.weights[0], layer.axis) * DY).sum())

    wide = X.astype(np.float64)
    return ours, (value(wide + step * direction) - value(wide - step * direction)) / (2 * step)


@pytest.mark.filterwarnings("ignore:You passed `rms_scaling")
@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.LayerNormalization([2, 3]),
        lambda: layers.LayerNormalization(rms_scaling=True),
        lambda: layers.RMSNormalization([1, 2]),
    ],
)
def test_gradients_are_the_difference_quotients(make: Any) -> None:
    ours, quotient = differences(fill(make()))
    assert ours == pytest.approx(quotient, rel=1e-4, abs=1e-3)


def test_rows_of_any_length() -> None:
    """Shorter than a vector, and of several runs; a large mean costs no accuracy of the deviation."""
    for columns in (1, 2, 15, 16, 17, 1023, 1024, 1025, 5000):
        x = np.random.default_rng(columns).standard_normal((3, columns)).astype(np.float32) + 1000
        wide = x.astype(np.float64)
        expected = (wide - wide.mean(1, keepdims=True)) / np.sqrt(wide.var(1, keepdims=True) + 1e-3)
        np.testing.assert_allclose(layers.LayerNormalization()(x), expected, rtol=1e-3, atol=1e-3)


def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    x, dy = (np.random.default_rng(n).standard_normal((300, 70)).astype(np.float32) for n in (1, 2))
    layer, digests = layers.LayerNormalization(), set()
    for count in (1, 2, 3):
        with runtime.threads(count):
            y = layer.forward(x)
            digests.add(digest([y, layer.backward(dy), *(v.grad.copy() for v in layer.weights)]))
    assert len(digests) == 1


def test_the_axis_of_a_built_layer_is_a_list_as_in_keras() -> None:
    layer = layers.LayerNormalization()
    assert layer.get_config()["axis"] == -1
    layer(X)
    assert layer.get_config()["axis"] == [-1]
    assert [weight.name for weight in layer.weights] == ["gamma", "beta"]
    assert fill(layers.LayerNormalization((3, 1))).gamma.shape == (7, 6)


def test_a_network_with_it_learns() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((256, 6, 6, 2)).astype(np.float32)
    y = (x.mean((1, 2, 3)) > 0).astype(np.int64)
    model = Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(8, 3),
            layers.LayerNormalization(gamma_regularizer="l2", beta_constraint="max_norm"),
            layers.ReLU(),
            layers.Flatten(),
            layers.RMSNormalization(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    history = model.fit(x, y, epochs=12, verbose=0).history
    assert history["loss"][-1] < 0.7 * history["loss"][0]


@pytest.mark.parametrize("kind", [layers.LayerNormalization, layers.RMSNormalization])
def test_what_is_wrong(kind: Any) -> None:
    for options in ({"axis": 1.5}, {"axis": []}, {"axis": [True]}, {"axis": "a"}, {"epsilon": -1.0}):
        with pytest.raises(ParameterError, match=next(iter(options))):
            kind(**options)
    for axis in (0, 4, -5, [1, 1], [1, -3], [0, 1]):
        with pytest.raises(ShapeError, match="out of bounds"):
            kind(axis=axis)(X)
    with pytest.raises(ShapeError, match="must be known"):
        kind(axis=[1, 2]).build((None, None, 3))
