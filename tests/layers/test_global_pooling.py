"""Pooling layers over whole images and lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcore import layers
from convcore.errors import NotSupportedError, ParameterError, ShapeError

KINDS = [
    layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D, layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D,
]  # fmt: skip


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("kind", KINDS)
def test_values_shapes_and_configuration(kind: Any, layout: str, keepdims: bool) -> None:
    shape = (2, 5, 3) if kind.__name__.endswith("1D") else (2, 5, 4, 3)
    x = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    axes = tuple(range(1, len(shape) - 1)) if layout == "channels_last" else tuple(range(2, len(shape)))
    layer = kind(layout, keepdims, name="mine")
    truth = (x.max if "Max" in kind.__name__ else x.mean)(axis=axes, keepdims=keepdims)
    np.testing.assert_allclose(layer(x), truth, rtol=1e-5, atol=1e-6)
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *truth.shape[1:])
    assert layer.forward(x).shape == truth.shape
    dx = layer.backward(np.ones_like(truth))
    np.testing.assert_allclose(dx.sum(axis=axes), np.ones_like(dx.sum(axis=axes)), rtol=1e-5)
    config = layer.get_config()
    assert (config["data_format"], config["keepdims"], config["name"]) == (layout, keepdims, "mine")
    assert layers.deserialize(layers.serialize(layer)).get_config() == config


def test_defaults_and_aliases() -> None:
    layer = layers.GlobalAveragePooling2D()
    assert (layer.data_format, layer.keepdims, layer.built) == ("channels_last", False, True)
    assert layers.GlobalAvgPool1D is layers.GlobalAveragePooling1D
    assert layers.GlobalAvgPool2D is layers.GlobalAveragePooling2D
    assert layers.GlobalMaxPool1D is layers.GlobalMaxPooling1D
    assert layers.GlobalMaxPool2D is layers.GlobalMaxPooling2D


def test_what_is_refused() -> None:
    with pytest.raises(ParameterError, match="keepdims"):
        layers.GlobalMaxPooling2D(keepdims="yes")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="data_format"):
        layers.GlobalMaxPooling2D("NCHW")
    with pytest.raises(ShapeError, match="expected ndim=4, found ndim=3"):
        layers.GlobalMaxPooling2D()(np.zeros((2, 3, 4)))


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_masked_steps_do_not_count(data_format: str, keepdims: bool) -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    steps = 1 if data_format == "channels_last" else 2
    mask = np.arange(2 * x.shape[steps]).reshape(2, -1) % 3 != 1
    expected = np.stack([np.compress(m, s, axis=steps - 1).mean(axis=steps - 1) for s, m in zip(x, mask, strict=True)])
    layer = layers.GlobalAveragePooling1D(data_format, keepdims=keepdims)
    y = layer(x, mask)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, np.expand_dims(expected, steps) if keepdims else expected, rtol=1e-6)
    with pytest.raises(ShapeError, match="mask"):
        layer(x, mask[:, :1])
    with pytest.raises(NotSupportedError, match="mask"):
        layer(layers.Input(x.shape[1:]), mask)
