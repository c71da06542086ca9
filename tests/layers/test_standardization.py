"""Features brought to mean 0 and variance 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convcore as keras
from convcore import errors, layers

X = np.random.default_rng(0).normal(3, 2, size=(10, 4, 5, 3)).astype("float32")


@pytest.mark.parametrize("axis", [-1, 1, (1, 3), (1, 2, 3), None])
def test_adapt(axis: Any) -> None:
    layer = layers.Normalization(axis=axis)
    layer.adapt(X)
    kept = () if axis is None else (axis,) if isinstance(axis, int) else axis
    over = tuple(each for each in range(4) if each not in [one % 4 for one in kept])
    mean, variance = X.mean(over, keepdims=True), X.var(over, keepdims=True)
    np.testing.assert_allclose(layer(X), (X - mean) / np.sqrt(variance), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(layer.mean, mean, rtol=1e-5)
    np.testing.assert_allclose(layer.variance, variance, rtol=1e-4)
    assert [weight.name for weight in layer.weights] == ["mean", "variance", "count"]
    assert layer.trainable_weights == []


def test_adapt_to_batches() -> None:
    whole = layers.Normalization()
    whole.adapt(X)

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return X[7 * index : 7 * index + 7], np.zeros(3)

    for data in ([X[:3], X[3:]], (x for x in (X[:9], X[9:])), Batches()):
        layer = layers.Normalization()
        layer.adapt(data)
        np.testing.assert_allclose(layer.get_weights()[0], whole.get_weights()[0], rtol=1e-6)
        np.testing.assert_allclose(layer.get_weights()[1], whole.get_weights()[1], rtol=1e-6)


@pytest.mark.parametrize("axis", [-1, (2, 3), None])
def test_given_numbers_and_back(axis: Any) -> None:
    mean = 2.0 if axis is None else np.arange(3.0)
    variance = 4.0 if axis is None else np.float64([1.0, 4.0, 0.25])
    y = layers.Normalization(axis, mean, variance)(X)
    np.testing.assert_allclose(y, (X - mean) / np.sqrt(variance), rtol=1e-5, atol=1e-5)
    back = layers.Normalization(axis, mean, variance, invert=True)
    np.testing.assert_allclose(back(y), X, rtol=1e-5, atol=1e-5)
    assert back.weights == []
    assert np.shape(back.mean) == {-1: (1, 1, 1, 3), (2, 3): (1, 1, 5, 3), None: (1, 1, 1, 1)}[axis]
    assert type(back).from_config(back.get_config()).get_config() == back.get_config()


def test_a_constant_feature_is_zero() -> None:
    layer = layers.Normalization()
    layer.adapt(np.full((5, 2), 3.0))
    np.testing.assert_array_equal(layer(np.full((2, 2), 3.0)), np.zeros((2, 2)))


def test_in_a_model_and_its_file(tmp_path: Any) -> None:
    norm = layers.Normalization()
    norm.adapt(X)
    model = keras.Sequential([keras.Input((4, 5, 3)), norm, layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((10, 2)), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    np.testing.assert_array_equal(norm.get_weights()[0], loaded.layers[0].get_weights()[0])


def test_gradients_pass() -> None:
    for layer in (layers.Normalization(-1, [1.0, 2.0, 3.0], [4.0, 1.0, 0.25]), layers.Normalization(None)):
        layer.forward(X, training=True)
        variance = np.float32([4.0, 1.0, 0.25]) if layer.weights == [] else 1.0
        np.testing.assert_allclose(layer.backward(X), X / np.sqrt(variance), rtol=1e-5)


@pytest.mark.parametrize(
    ("use", "error", "match"),
    [
        (lambda: layers.Normalization(mean=0.5), errors.ParameterError, "both `mean` and `variance` must be set"),
        (lambda: layers.Normalization(-1, [1.0], [[1.0]]), errors.ParameterError, "must have the same shape"),
        (lambda: layers.Normalization(None, [1.0], [1.0]), errors.ParameterError, "The rank of `mean`"),
        (lambda: layers.Normalization(-1, [1.0, 2.0], [1.0, 2.0])(X), errors.ShapeError, "does not fit the features"),
        (lambda: layers.Normalization(4)(X), errors.ParameterError, "must be in the range"),
        (lambda: layers.Normalization(0)(X), errors.NotSupportedError, "each sample of a batch"),
        (lambda: layers.Normalization(invert=True), errors.NotSupportedError, "invert=True"),
        (lambda: layers.Normalization().build((None, None)), errors.ShapeError, "must have a known shape"),
        (lambda: layers.Normalization().adapt("text"), errors.DTypeError, "Unsupported data type"),
        (lambda: layers.Normalization().adapt([]), errors.ParameterError, "an empty iterable"),
        (lambda: layers.Normalization().adapt(iter([42])), errors.DTypeError, r"`.shape`"),
        (lambda: layers.Normalization().adapt(X[:0]), errors.ParameterError, "needs data"),
        (lambda: layers.Normalization().adapt([X, X[..., :2]]), errors.ShapeError, "incompatible shape"),
        (lambda: layers.Normalization(None, 0.0, 1.0).adapt(X), errors.StateError, "cannot adapt"),
    ],
)
def test_what_does_not_fit_is_refused(use: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        use()
