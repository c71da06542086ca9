"""Images with random brightness and contrast."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import errors, layers, runtime
from tests.conftest import THREADS

X = np.random.default_rng(0).uniform(40, 200, size=(50, 6, 8, 3)).astype("float32")
EVERY: list[tuple[str, Any]] = [("RandomBrightness", 0.1), ("RandomContrast", (0.2, 0.1))]


@pytest.mark.parametrize(("name", "factor"), EVERY)
def test_what_they_share(name: str, factor: Any) -> None:
    cls = getattr(layers, name)
    layer = cls(factor, seed=3)
    np.testing.assert_array_equal(layer(X, training=False), X)
    results = []
    for count in THREADS:
        with runtime.threads(count):
            results.append(cls(factor, seed=3)(X, training=True))
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])
    assert not np.array_equal(cls(factor, seed=4)(X), results[0])
    first = cls(factor, seed=3, data_format="channels_first")(np.ascontiguousarray(X.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(first.transpose(0, 2, 3, 1), results[0], rtol=1e-5)
    twin = cls.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()
    assert layer.compute_output_shape((None, 6, 8, 3)) == (None, 6, 8, 3)


def test_brightness() -> None:
    y = layers.RandomBrightness(0.1, seed=1)(X)
    added = (y - X).reshape(50, -1)
    np.testing.assert_allclose(added, added[:, :1].repeat(added.shape[1], 1), atol=1e-4)
    assert -25.5 <= added.min() < -15
    assert 15 < added.max() <= 25.5
    darker = layers.RandomBrightness((-0.5, -0.5), (-1, 1))(X / 255)
    np.testing.assert_allclose(darker, np.maximum(X / 255 - 1, -1), atol=1e-6)
    np.testing.assert_array_equal(layers.RandomBrightness((1, 1))(X), np.full_like(X, 255))


def test_contrast() -> None:
    y = layers.RandomContrast((0.25, 0.5), (-1000, 1000), seed=1)(X)
    mean = X.mean((1, 2), keepdims=True)
    each = np.median(((y - mean) / (X - mean)).reshape(50, -1), 1)
    np.testing.assert_allclose(y, (X - mean) * each.reshape(-1, 1, 1, 1) + mean, rtol=1e-4)
    assert 0.75 <= each.min() < 0.85
    assert 1.4 < each.max() <= 1.5
    np.testing.assert_allclose(layers.RandomContrast((1.0, 1.0), seed=2)(X).mean(), X.mean(), rtol=0.2)


@pytest.mark.parametrize(("name", "factor"), EVERY)
def test_gradients(name: str, factor: Any) -> None:
    """Linear in the images but for a number, and where it is cut off there is none."""
    layer = getattr(layers, name)(factor, (-1000, 1000), seed=3)
    y = layer.forward(X, training=True)
    dy = np.random.default_rng(1).normal(size=X.shape).astype("float32")
    dx = layer.backward(dy)
    if name == "RandomBrightness":
        np.testing.assert_array_equal(dx, dy)
    else:
        assert np.vdot(dx.astype("float64"), X) == pytest.approx(np.vdot(y.astype("float64"), dy), rel=1e-3)
    cut = layers.RandomBrightness((0.0, 0.0), (100, 150))
    cut.forward(X, training=True)
    np.testing.assert_array_equal(cut.backward(dy), np.where((X > 100) & (X < 150), dy, 0))


@pytest.mark.parametrize(
    ("name", "words", "match"),
    [
        ("RandomBrightness", {"factor": 1.5}, r"in the range \[-1, 1\]"),
        ("RandomContrast", {"factor": (-0.5, 0.5)}, r"in the range \[0, 1\]"),
        ("RandomContrast", {"factor": (0.1, 0.2, 0.3)}, "`factor` argument"),
        ("RandomBrightness", {"factor": 0.1, "value_range": (1, 2, 3)}, "`value_range` argument"),
    ],
)
def test_arguments_are_checked(name: str, words: dict[str, Any], match: str) -> None:
    with pytest.raises(errors.ParameterError, match=match):
        getattr(layers, name)(**words)
