"""MaxPooling2D as a layer."""

from __future__ import annotations

import numpy as np
import pytest

from convcore import layers, ops
from convcore.errors import ShapeError


def test_defaults_are_those_of_keras() -> None:
    layer = layers.MaxPooling2D()
    assert (layer.pool_size, layer.strides, layer.padding, layer.built) == ((2, 2), (2, 2), "valid", True)
    assert layers.MaxPooling2D(3).strides == (3, 3)
    assert layers.MaxPooling2D(2, 2).strides == (2, 2)
    assert layers.MaxPool2D is layers.MaxPooling2D


@pytest.mark.parametrize("options", [{}, {"pool_size": 3, "strides": (2, 1)}, {"padding": "SAME"}])
def test_a_call_and_its_gradient_are_the_ops(options: dict[str, object]) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 7, 9, 3)).astype(np.float32)
    layer = layers.MaxPooling2D(**options)  # type: ignore[arg-type]
    geometry = {"pool_size": layer.pool_size, "stride": layer.strides, "padding": layer.padding}
    y, indices = ops.max_pool2d(x, **geometry, return_indices=True)  # type: ignore[call-overload]
    np.testing.assert_array_equal(layer(x), y)
    assert y.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_array_equal(layer.forward(x), y)
    dy = rng.integers(-8, 8, y.shape).astype(np.float32)
    np.testing.assert_array_equal(
        layer.backward(dy),
        ops.max_pool2d_backward(dy, indices, x.shape, **geometry),  # type: ignore[arg-type]
    )


def test_a_window_larger_than_the_image() -> None:
    with pytest.raises(
        ShapeError, match=r"zero or negative\. Received `inputs shape=\(1, 2, 2, 1\)`, `pool_size=\(5, 5\)"
    ):
        layers.MaxPooling2D(5)(np.zeros((1, 2, 2, 1)))


def test_one_image_without_batch() -> None:
    with pytest.raises(ShapeError, match=r"expected ndim=4, found ndim=3.*newaxis"):
        layers.MaxPooling2D()(np.zeros((28, 28, 1)))


def test_config_makes_the_layer_again() -> None:
    layer = layers.MaxPooling2D(3, (1, 2), "same", name="p")
    assert layers.MaxPooling2D.from_config(layer.get_config()).get_config() == layer.get_config()
